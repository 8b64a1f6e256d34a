// Programs per second: plain fork and exec, the sandbox alone, the whole judge.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "data/base/check.h"
#include "data/base/file.h"
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

// What a script would do: files on disk, no limits, no pipes to drain.
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

// The C++ program, compiled once; its bytes and a path to them.
struct Compiled {
  std::string binary;
  std::string folder;
};

const Compiled& SharedBinary() {
  static const auto* const compiled = [] {
    auto result = std::make_unique<Compiled>();
    const auto compiler = CppCompiler::Create(&SharedSandbox(), {});
    LIMBECK_CHECK(compiler.ok());
    const auto binary = (*compiler)->Compile(kCppCode, {});
    LIMBECK_CHECK(binary.ok() && !(*binary)->binary.empty());
    result->binary = (*binary)->binary;
    char folder[] = "/tmp/limbeck-judge-bench-XXXXXX";
    LIMBECK_CHECK(mkdtemp(folder) != nullptr);
    result->folder = folder;
    const std::string program = JoinPath(folder, "program");
    LIMBECK_CHECK(WriteFileAtomically(program, result->binary).ok());
    LIMBECK_CHECK(chmod(program.c_str(), 0700) == 0);
    LIMBECK_CHECK(
        WriteFileAtomically(JoinPath(folder, "p.py"), kPythonCode).ok());
    LIMBECK_CHECK(WriteFileAtomically(JoinPath(folder, "in"), kInput).ok());
    return result.release();
  }();
  return *compiled;
}

void PlainPython(benchmark::State& state) {
  const std::string script = JoinPath(SharedBinary().folder, "p.py");
  const char* const arguments[] = {kPython, "-B", "-s", script.c_str(),
                                   nullptr};
  for (auto _ : state) {
    SpawnAndWait(arguments, JoinPath(SharedBinary().folder, "in"));
  }
  state.SetItemsProcessed(state.iterations());
}

void PlainCpp(benchmark::State& state) {
  const std::string program = JoinPath(SharedBinary().folder, "program");
  const char* const arguments[] = {program.c_str(), nullptr};
  for (auto _ : state) {
    SpawnAndWait(arguments, JoinPath(SharedBinary().folder, "in"));
  }
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
  command.files = {{"program", SharedBinary().binary, true}};
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
