// Runs the real binary, as a person would.
#ifndef LIMBECK_TESTS_RECIPES_PROGRAM_H_
#define LIMBECK_TESTS_RECIPES_PROGRAM_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace limbeck {

struct ProgramResult {
  int exit_code = -1;  // 128 + signal when killed
  std::string output;
  std::string errors;
};

// Path of the program beside this test's build folder.
std::string ProgramPath();

// Runs it with these arguments and this standard input, and waits.
ProgramResult RunProgram(const std::vector<std::string>& arguments,
                         const std::string& input = "");

// A started program; standard error goes to a file.
class StartedProgram {
 public:
  StartedProgram(const std::vector<std::string>& arguments,
                 const std::string& error_path);
  ~StartedProgram();  // kills it if it still runs
  StartedProgram(const StartedProgram&) = delete;
  StartedProgram& operator=(const StartedProgram&) = delete;

  void Signal(int number) const;
  int Wait();

 private:
  pid_t process_ = -1;
};

}  // namespace limbeck

#endif  // LIMBECK_TESTS_RECIPES_PROGRAM_H_
