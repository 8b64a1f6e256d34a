// Everything here costs O(N), never O(N V).
#include "kernels/loss_inputs.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/row_math.h"

namespace limbeck::kernels {
namespace {

void CheckShare(const ShapeCheck& check, std::string_view name, double value) {
  TORCH_CHECK_VALUE(value >= 0.0 && value <= 1.0, check.op(), ": ", name,
                    " is ", value, ", must be in [0, 1]");
}

void CheckNotNegative(const ShapeCheck& check, std::string_view name,
                      double value) {
  TORCH_CHECK_VALUE(value >= 0.0 && std::isfinite(value), check.op(), ": ",
                    name, " is ", value, ", must be finite and >= 0");
}

// kept_rows as given, or all rows.
std::vector<int64_t> Candidates(ShapeCheck& check, const LogitOptions& options,
                                int64_t num_rows) {
  if (!options.kept_rows.defined()) {
    std::vector<int64_t> all(static_cast<size_t>(num_rows));
    for (int64_t row = 0; row < num_rows; ++row) {
      all[static_cast<size_t>(row)] = row;
    }
    return all;
  }
  check.Tensor("kept_rows", options.kept_rows, {"M"});
  check.Type("kept_rows", options.kept_rows, {at::kLong});
  const at::Tensor rows = options.kept_rows.contiguous();
  const int64_t* data = rows.const_data_ptr<int64_t>();
  int64_t previous = -1;
  for (int64_t i = 0; i < rows.numel(); ++i) {
    TORCH_CHECK_INDEX(data[i] > previous && data[i] < num_rows, check.op(),
                      ": kept_rows[", i, "] is ", data[i],
                      ", must rise from row to row and be below N = ", num_rows,
                      " (before it: ", previous, ")");
    previous = data[i];
  }
  return {data, data + rows.numel()};
}

void CheckTarget(const ShapeCheck& check, const RowSelection& selection,
                 int64_t num_columns) {
  const int64_t* rows = selection.rows.const_data_ptr<int64_t>();
  const int64_t* target = selection.target.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < selection.rows.numel(); ++i) {
    const int64_t id = target[rows[i]];
    TORCH_CHECK_INDEX(id >= 0 && id < num_columns, check.op(), ": target[",
                      rows[i], "] is ", id, ", must be in [0, ", num_columns,
                      ")");
  }
}

}  // namespace

void CheckSource(ShapeCheck& check, const SideNames& names,
                 const LogitSource& source) {
  const bool linear = source.hidden.defined() || source.weight.defined();
  const at::Tensor& first = linear ? source.hidden : source.logits;
  const std::string_view first_name = linear ? names.hidden : names.logits;
  if (linear) {
    check.Tensor(names.hidden, source.hidden, {"N", names.width});
    check.Tensor(names.weight, source.weight, {names.columns, names.width});
    check.SameType(names.weight, source.weight, names.hidden, source.hidden);
    if (source.bias.defined()) {
      check.Tensor(names.bias, source.bias, {names.columns});
      check.SameType(names.bias, source.bias, names.hidden, source.hidden);
    }
  } else {
    check.Tensor(names.logits, source.logits, {"N", names.columns});
  }
  check.Type(first_name, first, {at::kFloat, at::kBFloat16, at::kDouble});
  TORCH_CHECK_NOT_IMPLEMENTED(first.device().is_cpu(), check.op(), ": ",
                              first_name, " is on ", first.device(),
                              ", this build runs on cpu");
}

int64_t ValidColumns(const ShapeCheck& check, int64_t num_valid_columns,
                     int64_t smaller_width) {
  if (num_valid_columns == -1) {
    TORCH_CHECK(smaller_width > 0, check.op(),
                ": the vocabulary has 0 columns, must have at least 1");
    return smaller_width;
  }
  TORCH_CHECK_VALUE(
      num_valid_columns >= 1 && num_valid_columns <= smaller_width, check.op(),
      ": num_valid_columns is ", num_valid_columns, ", must be -1 or in [1, ",
      smaller_width, "]");
  return num_valid_columns;
}

RowSelection SelectRows(ShapeCheck& check, const at::Tensor& target,
                        const LogitOptions& options, int64_t num_columns) {
  RowSelection selection;
  const int64_t num_rows = check.Size("N");
  if (target.defined()) {
    check.Tensor("target", target, {"N"});
    check.IntegerType("target", target);
    selection.target = target.to(at::kLong).contiguous();
  }
  if (options.token_weight.defined()) {
    check.Tensor("token_weight", options.token_weight, {"N"});
    check.Type("token_weight", options.token_weight, {at::kFloat, at::kDouble});
    selection.weight =
        options.token_weight.detach().to(at::kDouble).contiguous();
  }
  std::vector<int64_t> rows = Candidates(check, options, num_rows);
  const int64_t* ids = selection.target.defined()
                           ? selection.target.const_data_ptr<int64_t>()
                           : nullptr;
  const double* weight = selection.weight.defined()
                             ? selection.weight.const_data_ptr<double>()
                             : nullptr;
  std::erase_if(rows, [&](int64_t row) {
    return (ids != nullptr && ids[row] == options.ignore_index) ||
           (weight != nullptr && weight[row] == 0.0);
  });
  selection.rows = at::tensor(rows, at::kLong);
  if (weight == nullptr) {
    const double count = static_cast<double>(std::max<size_t>(1, rows.size()));
    selection.weight = at::full({num_rows}, 1.0 / count, at::kDouble);
  }
  if (ids != nullptr && options.check_values) {
    CheckTarget(check, selection, num_columns);
  }
  return selection;
}

LogitOptions RowOptionsOf(const LinearOptions& linear) {
  LogitOptions rows;
  rows.token_weight = linear.token_weight;
  rows.kept_rows = linear.kept_rows;
  rows.ignore_index = linear.ignore_index;
  rows.num_valid_columns = linear.num_valid_columns;
  rows.check_values = linear.check_values;
  return rows;
}

CrossEntropyRule CheckedRule(const ShapeCheck& check,
                             const CrossEntropyOptions& options) {
  TORCH_CHECK_VALUE(
      options.label_smoothing >= 0.0 && options.label_smoothing < 1.0,
      check.op(), ": label_smoothing is ", options.label_smoothing,
      ", must be in [0, 1)");
  CheckNotNegative(check, "z_loss", options.z_loss);
  CheckNotNegative(check, "softcap", options.softcap);
  return {options.label_smoothing, options.z_loss, options.softcap};
}

DistillationRule CheckedRule(const ShapeCheck& check,
                             const DistillationOptions& options,
                             const at::Tensor& target) {
  CheckShare(check, "mix", options.mix);
  CheckShare(check, "cross_entropy_share", options.cross_entropy_share);
  TORCH_CHECK_VALUE(
      options.temperature > 0.0 && std::isfinite(options.temperature),
      check.op(), ": temperature is ", options.temperature,
      ", must be finite and > 0");
  TORCH_CHECK_VALUE(
      options.cross_entropy_share == 0.0 || target.defined(), check.op(),
      ": target is undefined, must be given for cross_entropy_share = ",
      options.cross_entropy_share);
  const PairRule simple = SimplifyRule(options.divergence, options.mix);
  const double square = options.temperature_squared
                            ? options.temperature * options.temperature
                            : 1.0;
  return {simple.kind,
          options.tail,
          simple.mix,
          options.temperature,
          (1.0 - options.cross_entropy_share) * square,
          options.cross_entropy_share};
}

}  // namespace limbeck::kernels
