#include "data/judge/cpp_compiler.h"

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "data/base/digest.h"
#include "data/base/status_macros.h"

namespace limbeck {
namespace {

constexpr char kSourceName[] = "program.cc";
constexpr char kBinaryName[] = "program";
constexpr char kHeaderName[] = "standard.h";
constexpr char kPrecompiledName[] = "standard.h.gch";
constexpr absl::string_view kStandardInclude = "#include <bits/stdc++.h>";
constexpr int kUsesBeforeHeader = 3;  // making it costs three compilations
constexpr size_t kMaxErrorBytes = 4096;

const std::vector<std::string>& Flags() {
  static const auto* const flags =
      new std::vector<std::string>{"-O2",
                                   "-std=c++17",
                                   "-DONLINE_JUDGE",
                                   "-pipe",
                                   "-s",
                                   "-fdiagnostics-color=never",
                                   "-fmax-errors=20"};
  return *flags;
}

SandboxLimits CompilerLimits() {
  SandboxLimits limits;
  limits.cpu_seconds = 20;
  limits.wall_seconds = 200;  // a busy machine is no compile error
  limits.memory_bytes = uint64_t{1} << 30;
  limits.output_bytes = uint64_t{1} << 20;
  limits.file_bytes = uint64_t{256} << 20;
  limits.processes = 32;
  return limits;
}

SandboxCommand CompilerCommand(const std::string& compiler) {
  SandboxCommand command;
  command.argv = {compiler};
  command.argv.insert(command.argv.end(), Flags().begin(), Flags().end());
  command.environment = {"LC_ALL=C.UTF-8", "TZ=UTC", "SOURCE_DATE_EPOCH=0"};
  command.limits = CompilerLimits();
  return command;
}

// Nothing stands before the include that it could see.
bool BeginsWithStandardHeader(absl::string_view source) {
  source = absl::StripLeadingAsciiWhitespace(source);
  return absl::StartsWith(source, kStandardInclude);
}

std::string WhyNotCompiled(const SandboxResult& result) {
  if (result.outcome == SandboxOutcome::kExited) {
    return result.error.substr(0, kMaxErrorBytes);
  }
  return absl::StrCat("the compiler was stopped (",
                      SandboxOutcomeName(result.outcome), "): ", result.detail);
}

bool Succeeded(const SandboxResult& result) {
  return result.outcome == SandboxOutcome::kExited && result.exit_code == 0 &&
         result.collected.size() == 1;
}

}  // namespace

CppCompiler::CppCompiler(const ProgramRunner* runner,
                         CppCompilerOptions options, std::string version)
    : runner_(runner),
      options_(std::move(options)),
      version_(std::move(version)) {}

absl::StatusOr<std::unique_ptr<CppCompiler>> CppCompiler::Create(
    const ProgramRunner* runner, CppCompilerOptions options) {
  SandboxCommand command = CompilerCommand(options.compiler);
  command.argv = {options.compiler, "--version"};
  LIMBECK_ASSIGN_OR_RETURN(SandboxResult result, runner->Run(command));
  if (result.outcome != SandboxOutcome::kExited || result.exit_code != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the C++ compiler ", options.compiler, " does not run: ", result.detail,
        " ", result.error.substr(0, kMaxErrorBytes)));
  }
  const std::string version = result.output.substr(0, result.output.find('\n'));
  return std::unique_ptr<CppCompiler>(
      new CppCompiler(runner, std::move(options), version));
}

absl::StatusOr<std::shared_ptr<const CppBinary>> CppCompiler::Compile(
    const std::string& source, const std::vector<SandboxFile>& headers) const {
  FieldHasher hasher("limbeck.judge.cpp.v1");
  hasher.Bytes(options_.compiler).Bytes(version_).Bytes(source);
  for (const std::string& flag : Flags()) hasher.Bytes(flag);
  for (const SandboxFile& header : headers) {
    hasher.Bytes(header.name).Bytes(header.content);
  }
  const std::string key = hasher.Id();
  const std::shared_ptr<Entry> entry = FindEntry(key);
  const std::lock_guard<std::mutex> lock(entry->mutex);
  if (entry->binary == nullptr) {
    absl::StatusOr<CppBinary> binary = RunCompiler(source, headers);
    if (!binary.ok()) {
      Forget(key);
      return binary.status();
    }
    entry->binary = std::make_shared<const CppBinary>(*std::move(binary));
    Keep(key, entry);
  }
  return entry->binary;
}

std::shared_ptr<CppCompiler::Entry> CppCompiler::FindEntry(
    const std::string& key) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::shared_ptr<Entry>& entry = entries_[key];
  if (entry == nullptr) {
    entry = std::make_shared<Entry>();
    recent_.push_front(key);
    entry->place = recent_.begin();
  }
  recent_.splice(recent_.begin(), recent_, entry->place);
  return entry;
}

void CppCompiler::Keep(const std::string& key,
                       const std::shared_ptr<Entry>& entry) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second != entry) return;
  entry->bytes = entry->binary->binary.size() + entry->binary->error.size() +
                 key.size() + sizeof(Entry);
  cached_bytes_ += entry->bytes;
  while (cached_bytes_ > options_.max_cache_bytes && recent_.back() != key) {
    const auto oldest = entries_.find(recent_.back());
    cached_bytes_ -= oldest->second->bytes;
    entries_.erase(oldest);
    recent_.pop_back();
  }
}

void CppCompiler::Forget(const std::string& key) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  recent_.erase(found->second->place);
  entries_.erase(found);
}

absl::StatusOr<CppBinary> CppCompiler::RunCompiler(
    const std::string& source, const std::vector<SandboxFile>& headers) const {
  SandboxCommand command = CompilerCommand(options_.compiler);
  command.files = headers;
  command.files.push_back({kSourceName, source, false});
  if (BeginsWithStandardHeader(source)) {
    const std::shared_ptr<const std::string> header = PrecompiledHeader();
    if (header != nullptr) {
      command.files.push_back({kPrecompiledName, *header, false});
      command.argv.insert(command.argv.end(), {"-include", kHeaderName});
    }
  }
  command.argv.insert(command.argv.end(), {kSourceName, "-o", kBinaryName});
  command.collect = {kBinaryName};
  LIMBECK_ASSIGN_OR_RETURN(SandboxResult result, runner_->Run(command));
  CppBinary compiled;
  if (Succeeded(result)) {
    compiled.binary = std::move(result.collected[0].second);
  } else {
    compiled.error = WhyNotCompiled(result);
  }
  return compiled;
}

std::shared_ptr<const std::string> CppCompiler::PrecompiledHeader() const {
  const std::lock_guard<std::mutex> lock(header_mutex_);
  if (++header_uses_ != kUsesBeforeHeader + 1) return header_;
  SandboxCommand command = CompilerCommand(options_.compiler);
  command.files = {{kHeaderName, absl::StrCat(kStandardInclude, "\n"), false}};
  command.argv.insert(command.argv.end(), {"-x", "c++-header", kHeaderName,
                                           "-o", kPrecompiledName});
  command.collect = {kPrecompiledName};
  absl::StatusOr<SandboxResult> result = runner_->Run(command);
  if (result.ok() && Succeeded(*result)) {
    header_ = std::make_shared<const std::string>(
        std::move(result->collected[0].second));
  }
  return header_;
}

}  // namespace limbeck
