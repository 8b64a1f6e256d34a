// Paid samples are never made twice: finds those of an earlier, complete run
// of the same work that only asked for another number of samples a problem.
#ifndef LIMBECK_TEACHER_FINISHED_SAMPLES_H_
#define LIMBECK_TEACHER_FINISHED_SAMPLES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "data/stages/manifest.pb.h"
#include "teacher/journal.pb.h"

namespace limbeck {

// Names a generation's work: kind, version, options but for
// samples_per_problem, max_problems and rows, seed, parents and teacher. Equal
// work gives equal samples for equal (problem, sample index).
std::string WorkFingerprint(const Manifest& manifest, const Teacher& teacher);

// The samples in a partition directory's shards, if its manifest is of the
// same work; else none.
absl::StatusOr<std::vector<GeneratedSample>> ReadFinishedSamples(
    const std::string& directory, const std::string& work_fingerprint,
    const Teacher& teacher);

}  // namespace limbeck

#endif  // LIMBECK_TEACHER_FINISHED_SAMPLES_H_
