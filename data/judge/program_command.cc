#include "data/judge/program_command.h"

#include <algorithm>
#include <cstdint>

#include "data/judge/cpp_function_driver.h"
#include "data/judge/function_driver.h"

namespace limbeck {
namespace {

constexpr char kPythonProgram[] = "program.py";
constexpr char kCppProgram[] = "program";
constexpr uint64_t kMebibyte = uint64_t{1} << 20;
constexpr uint64_t kProcesses = 32;  // threads included

// Room for an answer several times as long as the expected one.
uint64_t OutputBytes(const JudgeTest& test) {
  return std::max(16 * kMebibyte, 4 * uint64_t{test.output.size()});
}

void AddProgram(const ProgramOnTest& program, SandboxCommand* command) {
  const JudgeRequest& request = *program.request;
  command->side_channel = !request.function.empty();
  if (request.language == ProgramLanguage::kCpp) {
    command->files.push_back({kCppProgram, program.binary->binary, true});
    command->argv = {"./program"};
    return;
  }
  if (request.function.empty()) {
    command->files.push_back({kPythonProgram, request.code, false});
    command->argv = PythonArguments(program.python, kPythonProgram);
    return;
  }
  command->files.push_back({kFunctionProgramName, request.code, false});
  command->files.push_back(
      {kFunctionDriverName, FunctionDriverSource(), false});
  command->argv = PythonArguments(program.python, kFunctionDriverName);
}

void AddInput(const ProgramOnTest& program, SandboxCommand* command) {
  const JudgeRequest& request = *program.request;
  const std::string& input = program.test->input;
  if (!request.function.empty()) {
    command->standard_input =
        request.language == ProgramLanguage::kCpp
            ? CppFunctionCall(program.token, input)
            : FunctionCall(program.token, request.function, input);
  } else if (!request.input_file.empty()) {
    command->files.push_back({request.input_file, input, false});
  } else {
    command->standard_input = input;
  }
  if (!request.output_file.empty()) command->collect = {request.output_file};
}

}  // namespace

std::vector<std::string> ProgramEnvironment() {
  return {"PYTHONHASHSEED=0",   "PYTHONDONTWRITEBYTECODE=1",
          "PYTHONNOUSERSITE=1", "PYTHONINTMAXSTRDIGITS=0",
          "LC_ALL=C.UTF-8",     "TZ=UTC",
          "OMP_NUM_THREADS=1",  "OPENBLAS_NUM_THREADS=1"};
}

std::vector<std::string> PythonArguments(const std::string& python,
                                         const std::string& script) {
  return {python, "-B", "-s", script};
}

SandboxCommand CommandFor(const ProgramOnTest& program) {
  SandboxCommand command;
  command.environment = ProgramEnvironment();
  command.limits.memory_bytes =
      static_cast<uint64_t>(program.request->memory_limit_mebibytes) *
      kMebibyte;
  command.limits.output_bytes = OutputBytes(*program.test);
  command.limits.processes = kProcesses;
  AddProgram(program, &command);
  AddInput(program, &command);
  uint64_t given = 0;
  for (const SandboxFile& file : command.files) given += file.content.size();
  command.limits.file_bytes =
      given + std::max(64 * kMebibyte, OutputBytes(*program.test));
  return command;
}

absl::string_view OutputOf(const JudgeRequest& request,
                           const SandboxResult& result) {
  if (request.output_file.empty()) return result.output;
  if (result.collected.empty()) return "";
  return result.collected[0].second;
}

}  // namespace limbeck
