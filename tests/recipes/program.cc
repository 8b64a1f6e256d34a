#include "tests/recipes/program.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "data/base/check.h"
#include "data/base/file.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

struct Streams {
  std::string input;
  std::string output;
  std::string errors;
};

void Redirect(int descriptor, const std::string& path, int flags) {
  const int file = open(path.c_str(), flags, 0600);
  if (file < 0 || dup2(file, descriptor) < 0) _exit(120);
  close(file);
}

pid_t Start(const std::vector<std::string>& arguments, const Streams& streams) {
  const std::string program = ProgramPath();
  std::vector<char*> list = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) {
    list.push_back(const_cast<char*>(argument.c_str()));
  }
  list.push_back(nullptr);
  const pid_t child = fork();
  LIMBECK_CHECK_GE(child, 0);
  if (child == 0) {
    Redirect(STDIN_FILENO, streams.input, O_RDONLY);
    Redirect(STDOUT_FILENO, streams.output, O_WRONLY | O_CREAT | O_TRUNC);
    Redirect(STDERR_FILENO, streams.errors, O_WRONLY | O_CREAT | O_TRUNC);
    execv(program.c_str(), list.data());
    _exit(121);
  }
  return child;
}

int WaitFor(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string Content(const std::string& path) {
  const auto text = ReadFile(path);
  return text.ok() ? *text : "";
}

}  // namespace

std::string ProgramPath() {
  const auto test = std::filesystem::read_symlink("/proc/self/exe");
  // <build>/tests/recipes/<test>
  return (test.parent_path().parent_path().parent_path() / "limbeck").string();
}

ProgramResult RunProgram(const std::vector<std::string>& arguments,
                         const std::string& input) {
  TemporaryDirectory directory;
  const Streams streams = {directory.File("in"), directory.File("out"),
                           directory.File("err")};
  LIMBECK_CHECK(WriteFileAtomically(streams.input, input).ok());
  ProgramResult result;
  result.exit_code = WaitFor(Start(arguments, streams));
  result.output = Content(streams.output);
  result.errors = Content(streams.errors);
  return result;
}

StartedProgram::StartedProgram(const std::vector<std::string>& arguments,
                               const std::string& error_path)
    : process_(Start(arguments, {"/dev/null", "/dev/null", error_path})) {}

StartedProgram::~StartedProgram() {
  if (process_ < 0) return;
  kill(process_, SIGKILL);
  WaitFor(process_);
}

void StartedProgram::Signal(int number) const { kill(process_, number); }

int StartedProgram::Wait() {
  const int code = WaitFor(process_);
  process_ = -1;
  return code;
}

}  // namespace limbeck
