// What the kernel is told about the pages of a mapped file.
#ifndef LIMBECK_STUDENT_CHECKPOINT_MAPPED_PAGES_H_
#define LIMBECK_STUDENT_CHECKPOINT_MAPPED_PAGES_H_

#include "absl/strings/string_view.h"

namespace limbeck {

// These bytes of a mapping will be read soon: begin to fetch them.
void FetchPages(absl::string_view mapped);
// These bytes of a mapping are done with: they no longer count as resident.
// Pages that are read again come back from the file.
void DropPages(absl::string_view mapped);

}  // namespace limbeck

#endif  // LIMBECK_STUDENT_CHECKPOINT_MAPPED_PAGES_H_
