// Everything here costs O(N), never O(N V).
#include "kernels/loss_inputs.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/device.h"
#include "kernels/row_math.h"
#include "kernels/row_selection_launch.h"

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
std::vector<int64_t> Candidates(const ShapeCheck& check,
                                const at::Tensor& kept_rows, int64_t num_rows) {
  if (!kept_rows.defined()) {
    std::vector<int64_t> all(static_cast<size_t>(num_rows));
    for (int64_t row = 0; row < num_rows; ++row) {
      all[static_cast<size_t>(row)] = row;
    }
    return all;
  }
  const at::Tensor rows = kept_rows.contiguous();
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

void CheckDevice(const ShapeCheck& check, std::string_view name,
                 const at::Tensor& tensor) {
  if (check.devices() == Devices::kAlsoMeta && tensor.is_meta()) return;
  const bool runs =
      tensor.device().is_cpu() || (tensor.is_cuda() && CudaBuilt());
  TORCH_CHECK_NOT_IMPLEMENTED(runs, check.op(), ": ", name, " is on ",
                              tensor.device(), ", this build runs on cpu",
                              CudaBuilt() ? " and cuda" : "");
  if (tensor.is_cuda()) check.Type(name, tensor, {at::kFloat, at::kBFloat16});
}

// The row arguments of a call, their shapes and dtypes checked.
struct RowArguments {
  int64_t num_rows = 0;
  int64_t num_columns = 0;
  int64_t ignore_index = 0;
  bool check_values = true;
  at::Device device = at::kCPU;
  at::Tensor target;  // undefined: none, as below
  at::Tensor token_weight;
  at::Tensor kept_rows;
};

RowArguments CopyToHost(RowArguments arguments) {
  for (at::Tensor* tensor :
       {&arguments.target, &arguments.token_weight, &arguments.kept_rows}) {
    if (tensor->defined()) *tensor = tensor->cpu();
  }
  arguments.device = at::kCPU;
  return arguments;
}

RowSelection SelectOnHost(const ShapeCheck& check,
                          const RowArguments& arguments) {
  RowSelection selection;
  const int64_t* ids = nullptr;
  const double* weight = nullptr;
  if (arguments.target.defined()) {
    selection.target = arguments.target.to(at::kLong).contiguous();
    ids = selection.target.const_data_ptr<int64_t>();
  }
  if (arguments.token_weight.defined()) {
    selection.weight = arguments.token_weight.to(at::kDouble).contiguous();
    weight = selection.weight.const_data_ptr<double>();
  }
  std::vector<int64_t> rows =
      Candidates(check, arguments.kept_rows, arguments.num_rows);
  std::erase_if(rows, [&](int64_t row) {
    return (ids != nullptr && ids[row] == arguments.ignore_index) ||
           (weight != nullptr && weight[row] == 0.0);
  });
  selection.rows = at::tensor(rows, at::kLong);
  if (weight == nullptr) {
    const double count = static_cast<double>(std::max<size_t>(1, rows.size()));
    selection.weight = at::full({arguments.num_rows}, 1.0 / count, at::kDouble);
  }
  if (ids != nullptr && arguments.check_values) {
    CheckTarget(check, selection, arguments.num_columns);
  }
  return selection;
}

// For tensors without values: of the right types, as a described call's.
RowSelection SelectNone(const RowArguments& arguments) {
  const auto options = at::TensorOptions(arguments.device);
  RowSelection selection;
  selection.rows = at::empty({0}, options.dtype(at::kLong));
  selection.weight =
      at::empty({arguments.num_rows}, options.dtype(at::kDouble));
  return selection;
}

// Every row, when nothing says otherwise: known without asking the device.
RowSelection SelectAll(const RowArguments& arguments) {
  const auto options = at::TensorOptions(arguments.device);
  const int64_t n = arguments.num_rows;
  RowSelection selection;
  selection.rows = at::arange(n, options.dtype(at::kLong));
  selection.covers_all = true;
  selection.weight =
      at::full({n}, 1.0 / static_cast<double>(std::max<int64_t>(1, n)),
               options.dtype(at::kFloat));
  return selection;
}

RowSelection SelectOnDevice(const RowArguments& arguments) {
  const at::Tensor& weight = arguments.token_weight;
  const at::Tensor& kept = arguments.kept_rows;
  if (!arguments.target.defined() && !weight.defined() && !kept.defined()) {
    return SelectAll(arguments);
  }
  const at::Tensor given_weight =
      weight.defined() ? weight.to(at::kFloat).contiguous() : at::Tensor();
  const at::Tensor candidates = kept.defined() ? kept.contiguous() : kept;
  const auto options = at::TensorOptions(arguments.device);
  const auto ids = options.dtype(at::kLong);
  RowSelection selection;
  SelectRowsLaunch launch;
  launch.num_rows = arguments.num_rows;
  launch.num_candidates = kept.defined() ? kept.numel() : launch.num_rows;
  launch.ignore_index = arguments.ignore_index;
  selection.rows = at::empty({launch.num_candidates}, ids);
  selection.covers_all = !kept.defined();
  selection.count = at::empty({2}, ids);
  selection.weight = at::empty({launch.num_rows}, options.dtype(at::kFloat));
  if (kept.defined()) launch.candidates = candidates.const_data_ptr<int64_t>();
  if (arguments.target.defined()) {
    selection.target = arguments.target.contiguous();
    launch.target = selection.target.const_data_ptr();
    launch.target_is_int32 = selection.target.scalar_type() == at::kInt;
  }
  if (weight.defined()) {
    launch.token_weight = given_weight.const_data_ptr<float>();
  }
  launch.row_index = selection.rows.mutable_data_ptr<int64_t>();
  launch.kept_count = selection.count.mutable_data_ptr<int64_t>();
  launch.weight = selection.weight.mutable_data_ptr<float>();
  const DeviceScope scope(selection.rows);
  launch.stream = CurrentStream();
  CheckLaunch("selection of rows", LaunchSelectRows(launch));
  return selection;
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
  CheckDevice(check, first_name, first);
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

int64_t CheckedChunkTokens(const ShapeCheck& check, int64_t chunk_tokens) {
  TORCH_CHECK_VALUE(chunk_tokens >= 0, check.op(), ": chunk_tokens is ",
                    chunk_tokens, ", must be 0 or more");
  return chunk_tokens;
}

void CheckBf16Logits(const ShapeCheck& check, const LinearOptions& linear,
                     const LogitSource& student, const LogitSource& teacher) {
  if (!linear.bf16_logits) return;
  check.Type("with bf16_logits hidden", student.hidden, {at::kBFloat16});
  if (!teacher.hidden.defined()) return;
  check.Type("with bf16_logits teacher_hidden", teacher.hidden,
             {at::kBFloat16});
}

RowSelection SelectRows(ShapeCheck& check, const at::Tensor& target,
                        const LogitOptions& options, int64_t num_columns) {
  RowArguments arguments;
  arguments.num_rows = check.Size("N");
  arguments.num_columns = num_columns;
  arguments.ignore_index = options.ignore_index;
  arguments.device = check.device();
  if (target.defined()) {
    check.Tensor("target", target, {"N"});
    check.IntegerType("target", target);
    arguments.target = target;
  }
  if (options.token_weight.defined()) {
    check.Tensor("token_weight", options.token_weight, {"N"});
    check.Type("token_weight", options.token_weight, {at::kFloat, at::kDouble});
    arguments.token_weight = options.token_weight.detach();
  }
  if (options.kept_rows.defined()) {
    check.Tensor("kept_rows", options.kept_rows, {"M"});
    check.Type("kept_rows", options.kept_rows, {at::kLong});
    arguments.kept_rows = options.kept_rows;
  }
  if (arguments.device.is_meta()) return SelectNone(arguments);
  const bool on_device = arguments.device.is_cuda();
  arguments.check_values = options.check_values.value_or(!on_device);
  if (!on_device) return SelectOnHost(check, arguments);
  if (arguments.check_values) SelectOnHost(check, CopyToHost(arguments));
  return SelectOnDevice(arguments);
}

const int64_t* KeptCount(const RowSelection& selection) {
  return selection.count.defined() ? selection.count.const_data_ptr<int64_t>()
                                   : nullptr;
}

at::Tensor KeptRowsOnHost(const RowSelection& selection) {
  if (!selection.count.defined()) return selection.rows.cpu();
  return selection.rows.narrow(0, 0, selection.count[0].item<int64_t>()).cpu();
}

bool ChecksValues(const std::optional<bool>& check_values,
                  const at::Tensor& input) {
  return !input.is_meta() && check_values.value_or(!input.is_cuda());
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
