// The matrix product as three loops in double precision.
#ifndef LIMBECK_KERNELS_REFERENCE_PRODUCT_REFERENCE_H_
#define LIMBECK_KERNELS_REFERENCE_PRODUCT_REFERENCE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace limbeck::kernels::reference {

struct Matrix {
  int64_t rows;
  int64_t columns;
  std::vector<double> values;  // row-major

  double operator()(int64_t row, int64_t column) const {
    return values[static_cast<size_t>(row * columns + column)];
  }
};

// a b. a.columns == b.rows.
Matrix Product(const Matrix& a, const Matrix& b);

Matrix Transposed(const Matrix& a);

}  // namespace limbeck::kernels::reference

#endif  // LIMBECK_KERNELS_REFERENCE_PRODUCT_REFERENCE_H_
