// Problems and samples of the example run: their numbers follow from counters.
#ifndef LIMBECK_TESTS_RECIPES_REPORT_EXAMPLE_RECORDS_H_
#define LIMBECK_TESTS_RECIPES_REPORT_EXAMPLE_RECORDS_H_

#include "data/records.pb.h"
#include "tests/recipes/report/example_run.h"

namespace limbeck {

Problem MakeExampleProblem(int number, const ExampleOptions& options);

// `length` output tokens, and about as much text.
Trace MakeExampleTrace(const Problem& problem, int sample, bool right,
                       int length, const ExampleOptions& options);

// A sample as a benchmark's evaluation leaves it: right, wrong, and now and
// then cut off, without an answer or undecided. `strength` of ten are right.
Trace MakeExampleExamTrace(const Problem& problem, int number, int sample,
                           const ExampleExam& exam, int strength,
                           const ExampleOptions& options);

}  // namespace limbeck

#endif  // LIMBECK_TESTS_RECIPES_REPORT_EXAMPLE_RECORDS_H_
