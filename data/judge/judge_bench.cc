// Programs per second: plain fork and exec, the sandbox alone, the whole judge.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "data/base/check.h"
#include "data/judge/judge.h"
#include "data/judge/sandbox/sandbox.h"

namespace limbeck {
namespace {

constexpr char kPython[] = "/usr/bin/python3";
constexpr char kPythonCode[] = "print(int(input()) * 2)\n";
constexpr char kCppCode[] =
    "#include <cstdio>\n"
    "int main() { long long n; std::scanf(\"%lld\", &n); "
    "std::printf(\"%lld\\n\", n * 2); }\n";
constexpr char kInput[] = "21\n";
constexpr char kOutput[] = "42\n";

// What a script would do: no limits, no pipes to drain.
void SpawnAndWait(const char* const* arguments, const std::string& input) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, input.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  LIMBECK_CHECK(posix_spawn(&child, arguments[0], &actions, nullptr,
                            const_cast<char* const*>(arguments), environ) == 0);
  int status = 0;
  LIMBECK_CHECK(waitpid(child, &status, 0) == child && status == 0);
  posix_spawn_file_actions_destroy(&actions);
}

JudgeRequest Request(ProgramLanguage language) {
  JudgeRequest request;
  request.language = language;
  request.code = language == ProgramLanguage::kPython ? kPythonCode : kCppCode;
  request.tests = {{kInput, kOutput}};
  return request;
}

const Judge& SharedJudge() {
  static const auto* const judge = [] {
    absl::StatusOr<std::unique_ptr<Judge>> created =
        Judge::Create(JudgeOptions());
    LIMBECK_CHECK(created.ok());
    return created->release();
  }();
  return *judge;
}

const Sandbox& SharedSandbox() {
  static const auto* const sandbox = [] {
    absl::StatusOr<std::unique_ptr<Sandbox>> created =
        Sandbox::Create(SandboxOptions());
    LIMBECK_CHECK(created.ok());
    return created->release();
  }();
  return *sandbox;
}

// Path of a file in memory that nothing has open for writing, so that it can be
// executed; it goes with this process.
std::string MemoryFile(const std::string& content) {
  const int written = memfd_create("limbeck_judge_bench", 0);
  LIMBECK_CHECK(written >= 0);
  LIMBECK_CHECK(write(written, content.data(), content.size()) ==
                static_cast<ssize_t>(content.size()));
  const auto path = [](int descriptor) {
    return absl::StrCat("/proc/", getpid(), "/fd/", descriptor);
  };
  const int read_only = open(path(written).c_str(), O_RDONLY);
  LIMBECK_CHECK(read_only >= 0 && close(written) == 0);
  return path(read_only);
}

// The programs, the C++ one compiled once.
struct Programs {
  std::string binary;
  std::string binary_path;
  std::string script_path;
  std::string input_path;
};

const Programs& SharedPrograms() {
  static const auto* const programs = [] {
    auto result = std::make_unique<Programs>();
    const auto compiler = CppCompiler::Create(&SharedSandbox(), {});
    LIMBECK_CHECK(compiler.ok());
    const auto binary = (*compiler)->Compile(kCppCode, {});
    LIMBECK_CHECK(binary.ok() && !(*binary)->binary.empty());
    result->binary = (*binary)->binary;
    result->binary_path = MemoryFile(result->binary);
    result->script_path = MemoryFile(kPythonCode);
    result->input_path = MemoryFile(kInput);
    return result.release();
  }();
  return *programs;
}

void PlainPython(benchmark::State& state) {
  const Programs& programs = SharedPrograms();
  const char* const arguments[] = {kPython, "-B", "-s",
                                   programs.script_path.c_str(), nullptr};
  for (auto _ : state) SpawnAndWait(arguments, programs.input_path);
  state.SetItemsProcessed(state.iterations());
}

void PlainCpp(benchmark::State& state) {
  const Programs& programs = SharedPrograms();
  const char* const arguments[] = {programs.binary_path.c_str(), nullptr};
  for (auto _ : state) SpawnAndWait(arguments, programs.input_path);
  state.SetItemsProcessed(state.iterations());
}

void RunInSandbox(benchmark::State& state, const SandboxCommand& command) {
  for (auto _ : state) {
    const absl::StatusOr<SandboxResult> result = SharedSandbox().Run(command);
    LIMBECK_CHECK(result.ok() && result->output == kOutput);
  }
  state.SetItemsProcessed(state.iterations());
}

void SandboxPython(benchmark::State& state) {
  SandboxCommand command;
  command.argv = {kPython, "-B", "-s", "p.py"};
  command.files = {{"p.py", kPythonCode, false}};
  command.standard_input = kInput;
  RunInSandbox(state, command);
}

void SandboxCpp(benchmark::State& state) {
  SandboxCommand command;
  command.argv = {"./program"};
  command.files = {{"program", SharedPrograms().binary, true}};
  command.standard_input = kInput;
  RunInSandbox(state, command);
}

void JudgeOne(benchmark::State& state, const JudgeRequest& request) {
  for (auto _ : state) {
    const absl::StatusOr<JudgeResult> result = SharedJudge().Run(request);
    LIMBECK_CHECK(result.ok() && result->verdict == JudgeVerdict::kAccepted);
  }
  state.SetItemsProcessed(state.iterations());
}

void JudgePython(benchmark::State& state) {
  JudgeOne(state, Request(ProgramLanguage::kPython));
}

void JudgeFunction(benchmark::State& state) {
  JudgeRequest request = Request(ProgramLanguage::kPython);
  request.function = "f";
  request.code = "def f(n):\n    return n * 2\n";
  JudgeOne(state, request);
}

void JudgeCppCompiled(benchmark::State& state) {
  JudgeOne(state, Request(ProgramLanguage::kCpp));
}

// Each program another source: nothing comes from the cache. Argument 1: the
// source begins with <bits/stdc++.h> and gets the precompiled header.
void CompileCpp(benchmark::State& state) {
  const auto compiler = CppCompiler::Create(&SharedSandbox(), {});
  LIMBECK_CHECK(compiler.ok());
  int number = 0;
  const auto compile = [&] {
    const std::string source = std::string("#include <bits/stdc++.h>\n") +
                               kCppCode + "// " + std::to_string(++number);
    const std::string before = state.range(0) == 1 ? "" : "int unused;\n";
    const auto binary = (*compiler)->Compile(before + source, {});
    LIMBECK_CHECK(binary.ok() && !(*binary)->binary.empty());
  };
  for (int i = 0; i < 4; ++i) compile();  // the header is made at the fourth
  for (auto _ : state) compile();
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(PlainPython)->UseRealTime()->ThreadRange(1, 2);
BENCHMARK(SandboxPython)->UseRealTime()->ThreadRange(1, 2);
BENCHMARK(JudgePython)->UseRealTime()->ThreadRange(1, 2);
BENCHMARK(JudgeFunction)->UseRealTime()->ThreadRange(1, 2);
BENCHMARK(PlainCpp)->UseRealTime()->ThreadRange(1, 2);
BENCHMARK(SandboxCpp)->UseRealTime()->ThreadRange(1, 2);
BENCHMARK(JudgeCppCompiled)->UseRealTime()->ThreadRange(1, 2);
BENCHMARK(CompileCpp)
    ->Arg(0)
    ->Arg(1)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace limbeck
