// CRC32C (Castagnoli, polynomial 0x1EDC6F41, as in RFC 3720 appendix B.4).
#ifndef LIMBECK_DATA_BASE_CRC32C_H_
#define LIMBECK_DATA_BASE_CRC32C_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace limbeck {

// Checksum of `bytes` appended to data whose checksum is `crc` (0: none).
// Uses the processor's instruction where it has one (chosen at run time).
uint32_t Crc32c(absl::string_view bytes, uint32_t crc = 0);

// The table-driven path, for processors without the instruction and for tests.
uint32_t Crc32cPortable(absl::string_view bytes, uint32_t crc = 0);

// TFRecord's masked form: rotated right by 15 bits plus a constant.
uint32_t MaskCrc32c(uint32_t crc);

}  // namespace limbeck

#endif  // LIMBECK_DATA_BASE_CRC32C_H_
