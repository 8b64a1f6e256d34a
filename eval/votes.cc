// Each new answer is compared with the first of every group.
#include "eval/votes.h"

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "data/verify/verify.h"

namespace limbeck {
namespace {

bool SameAnswer(const std::string& first, const std::string& other,
                VerifyMode mode) {
  // In a box both modes find the whole of it.
  const std::string gold = absl::StrCat("\\boxed{", first, "}");
  const std::string answer = absl::StrCat("\\boxed{", other, "}");
  VerifyRequest request;
  request.gold = gold;
  request.answer = answer;
  request.kind = ANSWER_KIND_MATH;
  request.mode = mode;
  return VerifyAnswer(request).verdict() == VERDICT_CORRECT;
}

}  // namespace

void GroupEqualVotes(AnswerKind kind, VerifyMode mode,
                     std::vector<Vote>* votes) {
  const std::string* right = nullptr;
  std::map<std::string, std::string> group_of;  // answer -> the group's first
  std::vector<std::string> firsts;
  for (Vote& vote : *votes) {
    if (!vote.answered) continue;
    if (vote.correct) {
      if (right == nullptr) right = &vote.answer;
      vote.answer = *right;
      continue;
    }
    if (kind != ANSWER_KIND_MATH) continue;
    const auto [place, is_new] = group_of.emplace(vote.answer, vote.answer);
    if (is_new && firsts.size() < kMaxCompared) {
      for (const std::string& first : firsts) {
        if (!SameAnswer(first, vote.answer, mode)) continue;
        place->second = first;
        break;
      }
      if (place->second == vote.answer) firsts.push_back(vote.answer);
    }
    vote.answer = place->second;
  }
}

}  // namespace limbeck
