// How many programs can run here at once without slowing each other down.
#ifndef LIMBECK_DATA_JUDGE_PHYSICAL_CORES_H_
#define LIMBECK_DATA_JUDGE_PHYSICAL_CORES_H_

namespace limbeck {

// Cores that this process may use; the hardware threads of one count once. At
// least 1.
int NumPhysicalCores();

}  // namespace limbeck

#endif  // LIMBECK_DATA_JUDGE_PHYSICAL_CORES_H_
