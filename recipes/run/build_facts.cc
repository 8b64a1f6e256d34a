#include "recipes/run/build_facts.h"

#include <elf.h>
#include <link.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "data/base/digest.h"
#include "recipes/limbeck_version.h"
#include "recipes/run/torch_boundary.h"

namespace limbeck {
namespace {

// Looks for the note NT_GNU_BUILD_ID in one segment.
std::string BuildIdInNotes(const char* at, const char* end) {
  while (at + sizeof(ElfW(Nhdr)) <= end) {
    ElfW(Nhdr) note;
    std::memcpy(&note, at, sizeof(note));
    const auto aligned = [](uint32_t size) { return (size + 3u) & ~3u; };
    const char* name = at + sizeof(note);
    const char* description = name + aligned(note.n_namesz);
    const char* next = description + aligned(note.n_descsz);
    if (next > end) break;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
        std::memcmp(name, "GNU", 4) == 0) {
      return ToHex(absl::string_view(description, note.n_descsz));
    }
    at = next;
  }
  return "";
}

// The first object that the loader lists is the program itself.
int VisitProgram(dl_phdr_info* info, size_t, void* result) {
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    const char* begin =
        reinterpret_cast<const char*>(info->dlpi_addr + segment.p_vaddr);
    const std::string id = BuildIdInNotes(begin, begin + segment.p_memsz);
    if (!id.empty()) *static_cast<std::string*>(result) = id;
  }
  return 1;  // stop
}

std::string ProcessorName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!absl::StartsWith(line, "model name")) continue;
    const size_t colon = line.find(':');
    if (colon == std::string::npos) break;
    return std::string(
        absl::StripLeadingAsciiWhitespace(line.substr(colon + 1)));
  }
  return "unknown";
}

}  // namespace

std::string BuildId() {
  std::string id;
  dl_iterate_phdr(VisitProgram, &id);
  return id;
}

std::string CompilerName() {
#ifdef __clang__
  return absl::StrCat("Clang ", __clang_major__, ".", __clang_minor__, ".",
                      __clang_patchlevel__);
#else
  return absl::StrCat("GCC ", __VERSION__);
#endif
}

std::string LimbeckVersion() { return std::string(kLimbeckVersion); }

HostFacts DescribeHost() {
  HostFacts facts;
  utsname system = {};
  if (uname(&system) == 0) {
    facts.host = system.nodename;
    facts.system =
        absl::StrCat(system.sysname, " ", system.release, " ", system.machine);
  }
  facts.processor = ProcessorName();
  facts.cores = static_cast<int>(std::thread::hardware_concurrency());
  return facts;
}

Json ProvenanceJson() {
  const HostFacts host = DescribeHost();
  const LibTorchFacts torch = DescribeLibTorch();
  Json json = Json::Object();
  json.Set("limbeck_version", LimbeckVersion());
  json.Set("build_id", BuildId());
  json.Set("compiler", CompilerName());
  json.Set("host", host.host);
  json.Set("system", host.system);
  json.Set("processor", host.processor);
  json.Set("cores", host.cores);
  json.Set("libtorch_version", torch.version);
  json.Set("instruction_set", torch.instruction_set);
  json.Set("threads", torch.threads);
  json.Set("device", torch.has_cuda ? "cuda" : "cpu");
  return json;
}

std::string UtcNow() {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::Now(),
                          absl::UTCTimeZone());
}

}  // namespace limbeck
