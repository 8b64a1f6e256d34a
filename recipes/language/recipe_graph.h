// The stages of a recipe as a graph: names, inputs, order.
#ifndef LIMBECK_RECIPES_LANGUAGE_RECIPE_GRAPH_H_
#define LIMBECK_RECIPES_LANGUAGE_RECIPE_GRAPH_H_

#include <string>
#include <vector>

#include "recipes/language/source_map.h"
#include "recipes/recipe.pb.h"

namespace limbeck {

// Stage indices in an order in which every input comes before its users;
// otherwise as in the file. Adds what is wrong to `errors`: bad or double
// names, unknown inputs, cycles, inputs of the wrong number or kind.
std::vector<int> CheckGraph(const Recipe& recipe, const SourceMap& sources,
                            RecipeErrors& errors);

// Index of the stage or model of that name, -1 when there is none.
int FindStage(const Recipe& recipe, const std::string& name);
int FindModel(const Recipe& recipe, const std::string& name);

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_LANGUAGE_RECIPE_GRAPH_H_
