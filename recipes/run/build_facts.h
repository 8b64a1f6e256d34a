// Where and by what a result was made: provenance, never part of a
// fingerprint.
#ifndef LIMBECK_RECIPES_RUN_BUILD_FACTS_H_
#define LIMBECK_RECIPES_RUN_BUILD_FACTS_H_

#include <string>

#include "data/base/json.h"

namespace limbeck {

// Identity that the linker gave the running program, hex; empty if none.
std::string BuildId();
// "Clang 14.0.6", "GCC 12.2.0".
std::string CompilerName();
std::string LimbeckVersion();

struct HostFacts {
  std::string host;
  std::string system;  // "Linux 6.1.0 x86_64"
  std::string processor;
  int cores = 0;
};
HostFacts DescribeHost();

// All of it as ordered JSON: version, build, compiler, host, processor, cores,
// LibTorch, instruction set, threads, device.
Json ProvenanceJson();

// "2026-01-31T12:00:00Z"
std::string UtcNow();

}  // namespace limbeck

#endif  // LIMBECK_RECIPES_RUN_BUILD_FACTS_H_
