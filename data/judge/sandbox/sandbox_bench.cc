// What the sandbox adds to starting a program, level by level.
#include <benchmark/benchmark.h>
#include <spawn.h>
#include <sys/wait.h>

#include <memory>
#include <string>

#include "data/judge/sandbox/sandbox.h"

namespace limbeck {
namespace {

constexpr const char* kPrograms[] = {"/bin/true", "/usr/bin/python3"};

SandboxCommand CommandOf(int64_t program) {
  SandboxCommand command;
  command.argv = {kPrograms[program]};
  if (program == 1) {
    command.argv.insert(command.argv.end(), {"-I", "-S", "-c", "pass"});
  }
  return command;
}

// The rival and the floor: the same program without any isolation.
void PlainStart(benchmark::State& state) {
  const SandboxCommand command = CommandOf(state.range(0));
  std::vector<char*> argv;
  for (const std::string& text : command.argv) {
    argv.push_back(const_cast<char*>(text.c_str()));
  }
  argv.push_back(nullptr);
  char* environment[] = {nullptr};
  for (auto _ : state) {
    pid_t child = -1;
    int status = 0;
    if (posix_spawn(&child, argv[0], nullptr, nullptr, argv.data(),
                    environment) != 0 ||
        waitpid(child, &status, 0) != child || status != 0) {
      state.SkipWithError("the program did not run");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations());
}

void SandboxStart(benchmark::State& state) {
  SandboxOptions options;
  options.min_isolation = IsolationLevel::kNone;
  options.exact_isolation = static_cast<IsolationLevel>(state.range(1));
  const auto sandbox = Sandbox::Create(options);
  if (!sandbox.ok()) {
    state.SkipWithError("the machine lacks this level");
    return;
  }
  state.SetLabel(std::string(IsolationName((*sandbox)->level())));
  const SandboxCommand command = CommandOf(state.range(0));
  for (auto _ : state) {
    const auto result = (*sandbox)->Run(command);
    if (!result.ok() || result->exit_code != 0) {
      state.SkipWithError("the program did not run");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations());
}

void AllLevels(benchmark::internal::Benchmark* bench) {
  for (int program = 0; program < 2; ++program) {
    for (int level = 0; level <= 4; ++level) bench->Args({program, level});
  }
}

BENCHMARK(PlainStart)->Arg(0)->Arg(1)->UseRealTime();
BENCHMARK(PlainStart)->Arg(0)->Arg(1)->Threads(2)->UseRealTime();
BENCHMARK(SandboxStart)->Apply(AllLevels)->UseRealTime();
BENCHMARK(SandboxStart)->Apply(AllLevels)->Threads(2)->UseRealTime();

}  // namespace
}  // namespace limbeck
