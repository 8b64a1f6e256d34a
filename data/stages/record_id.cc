#include "data/stages/record_id.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "data/base/check.h"
#include "data/base/digest.h"

namespace limbeck {
namespace {

// Eight bytes, big endian; what a short id lacks counts as zero.
uint64_t BigEndianAt(absl::string_view id, size_t begin) {
  uint64_t value = 0;
  for (size_t i = begin; i < begin + 8; ++i) {
    value <<= 8;
    if (i < id.size()) value |= static_cast<unsigned char>(id[i]);
  }
  return value;
}

void HashIds(FieldHasher& hasher, absl::Span<const uint32_t> ids) {
  std::string bytes;
  bytes.reserve(ids.size() * 4);
  for (const uint32_t id : ids) {
    for (int shift = 0; shift < 32; shift += 8) {
      bytes.push_back(static_cast<char>(id >> shift & 0xff));
    }
  }
  hasher.Bytes(bytes);
}

}  // namespace

std::string NormalizeForIdentity(absl::string_view text) {
  std::string normal = absl::AsciiStrToLower(text);
  absl::RemoveExtraAsciiWhitespace(&normal);
  for (char& c : normal) {
    if (absl::ascii_isspace(static_cast<unsigned char>(c))) c = ' ';
  }
  return normal;
}

std::string ProblemId(const Problem& problem) {
  FieldHasher hasher("limbeck.problem.v1");
  for (const Message& message : problem.messages()) {
    hasher.Int(message.role());
    hasher.Bytes(NormalizeForIdentity(message.content()));
  }
  return hasher.Id();
}

std::string TraceId(const Trace& trace) {
  const Sampling& sampling = trace.sampling();
  return FieldHasher("limbeck.trace.v1")
      .Bytes(trace.problem().id())
      .Bytes(trace.teacher().name())
      .Bytes(trace.teacher().revision())
      .Double(sampling.temperature())
      .Double(sampling.top_p())
      .Int(sampling.top_k())
      .Double(sampling.min_p())
      .Int(sampling.max_tokens())
      .Int(static_cast<int64_t>(sampling.seed()))
      .Int(sampling.exact() ? 1 : 0)
      .Int(sampling.sample_index())
      .Id();
}

std::string TokenIdsHash(absl::Span<const uint32_t> prompt_ids,
                         absl::Span<const uint32_t> output_ids) {
  FieldHasher hasher("limbeck.token_ids.v1");
  HashIds(hasher, prompt_ids);
  HashIds(hasher, output_ids);
  return hasher.Id();
}

std::string SignalKey(const TeacherSignal& signal) {
  return FieldHasher("limbeck.signal.v1")
      .Bytes(signal.trace_id())
      .Bytes(signal.token_ids_hash())
      .Bytes(signal.teacher_revision())
      .Bytes(signal.tokenizer_fingerprint())
      .Int(signal.first_token())
      .Id();
}

int PartitionOf(absl::string_view problem_id, int num_partitions) {
  LIMBECK_CHECK_GE(num_partitions, 1);
  const unsigned __int128 product =
      static_cast<unsigned __int128>(BigEndianAt(problem_id, 0)) *
      static_cast<unsigned>(num_partitions);
  return static_cast<int>(product >> 64);
}

double SplitPosition(absl::string_view problem_id) {
  constexpr double kScale = 1.0 / 9007199254740992.0;  // 2^-53
  return static_cast<double>(BigEndianAt(problem_id, 8) >> 11) * kScale;
}

absl::string_view QuestionText(const Problem& problem) {
  for (int i = problem.messages_size() - 1; i >= 0; --i) {
    if (problem.messages(i).role() == ROLE_USER) {
      return problem.messages(i).content();
    }
  }
  return absl::string_view();
}

}  // namespace limbeck
