// As slow and as plain as the definition.
#include "kernels/reference/product_reference.h"

namespace limbeck::kernels::reference {

Matrix Product(const Matrix& a, const Matrix& b) {
  Matrix result = {a.rows, b.columns, {}};
  for (int64_t row = 0; row < a.rows; ++row) {
    for (int64_t column = 0; column < b.columns; ++column) {
      double sum = 0.0;
      for (int64_t k = 0; k < a.columns; ++k) sum += a(row, k) * b(k, column);
      result.values.push_back(sum);
    }
  }
  return result;
}

Matrix Transposed(const Matrix& a) {
  Matrix result = {a.columns, a.rows, {}};
  for (int64_t column = 0; column < a.columns; ++column) {
    for (int64_t row = 0; row < a.rows; ++row) {
      result.values.push_back(a(row, column));
    }
  }
  return result;
}

}  // namespace limbeck::kernels::reference
