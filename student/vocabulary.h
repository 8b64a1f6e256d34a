// Vocabularies of models: whether a teacher's and a student's are one, and
// padded rows of embedding and head.
#ifndef LIMBECK_STUDENT_VOCABULARY_H_
#define LIMBECK_STUDENT_VOCABULARY_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "data/text/tokenizer.h"
#include "student/weights.h"

namespace limbeck {

// One model of a pair.
struct VocabularySide {
  std::string name;       // for messages: "teacher 'large'"
  std::string directory;  // of the tokenizer's files
  const Tokenizer* tokenizer = nullptr;
  int64_t head_rows = 0;  // padding included
};

// Whether an id means the same to both, so that logits of one may teach the
// other. Below the shorter head every id must have the same string and flags on
// both sides, or none; end ids, bos, eos and unk tokens, the ids of a set of
// probe texts, and the chat templates (where both have one) must agree, and
// every token of the student must have a row at the teacher. Padding rows may
// differ in number. The error names the first id that differs with both
// strings, and the route that needs no common vocabulary.
absl::Status CheckVocabularyPair(const VocabularySide& teacher,
                                 const VocabularySide& student);

// The model with `rows` rows of embedding and head, in the same dtype. Rows are
// cut only if they belong to no token: `tokenizer` is needed for that, may be
// null otherwise. New rows are the mean of the old ones, as transformers makes
// them but for its noise of 1e-9 of the covariance. They take part in the
// softmax: by Jensen's inequality k new rows on v old ones lower every
// log-probability by at most log(1 + k/v) = about k/v nats; training masks
// them.
absl::StatusOr<Model> ResizeVocabulary(const Model& model, int64_t rows,
                                       const Tokenizer* tokenizer);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_VOCABULARY_H_
