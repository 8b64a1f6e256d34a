// Arrow's reader; arrays become JSON row by row.
#include "eval/benchmarks/parquet_rows.h"

#include <arrow/api.h>
#include <arrow/io/api.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "data/base/status_macros.h"
#include "data/base/utf8.h"
#include "eval/benchmarks/capped_memory_pool.h"

namespace limbeck {
namespace {

constexpr int64_t kBatchRows = 64;
constexpr int kMaxDepth = 32;

absl::Status FromArrow(const std::string& path, const arrow::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": ", status.ToString()));
}

absl::StatusOr<Json> Text(absl::string_view bytes) {
  if (IsValidUtf8(bytes)) return Json(bytes);
  return absl::InvalidArgumentError("a text whose bytes are no UTF-8");
}

absl::StatusOr<Json> ValueAt(const arrow::Array& array, int64_t row, int depth);

absl::StatusOr<Json> ListAt(const arrow::Array& values, int64_t begin,
                            int64_t end, int depth) {
  Json list = Json::Array();
  for (int64_t i = begin; i < end; ++i) {
    LIMBECK_ASSIGN_OR_RETURN(Json value, ValueAt(values, i, depth + 1));
    list.Push(std::move(value));
  }
  return list;
}

absl::StatusOr<Json> StructAt(const arrow::StructArray& array, int64_t row,
                              int depth) {
  Json object = Json::Object();
  for (int i = 0; i < array.num_fields(); ++i) {
    LIMBECK_ASSIGN_OR_RETURN(Json value,
                             ValueAt(*array.field(i), row, depth + 1));
    object.Set(array.struct_type()->field(i)->name(), std::move(value));
  }
  return object;
}

// Dates and times read as Arrow prints them; dictionaries by what they stand
// for.
absl::StatusOr<Json> OtherAt(const arrow::Array& array, int64_t row,
                             int depth) {
  using arrow::Type;
  switch (array.type_id()) {
    case Type::DICTIONARY: {
      const auto& coded = static_cast<const arrow::DictionaryArray&>(array);
      return ValueAt(*coded.dictionary(), coded.GetValueIndex(row), depth + 1);
    }
    case Type::DATE32:
    case Type::DATE64:
    case Type::TIMESTAMP: {
      const auto scalar = array.GetScalar(row);
      if (scalar.ok()) return Json((*scalar)->ToString());
      break;
    }
    default:
      break;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "values of type ", array.type()->ToString(), " are not read"));
}

template <typename ArrayType>
Json NumberAt(const arrow::Array& array, int64_t row) {
  const auto value = static_cast<const ArrayType&>(array).Value(row);
  if constexpr (std::is_floating_point_v<decltype(value)>) {
    return Json(static_cast<double>(value));
  } else if constexpr (std::is_unsigned_v<decltype(value)>) {
    return Json(static_cast<uint64_t>(value));
  } else {
    return Json(static_cast<int64_t>(value));
  }
}

absl::StatusOr<Json> NestedAt(const arrow::Array& array, int64_t row,
                              int depth) {
  using arrow::Type;
  switch (array.type_id()) {
    case Type::LIST: {
      const auto& list = static_cast<const arrow::ListArray&>(array);
      return ListAt(*list.values(), list.value_offset(row),
                    list.value_offset(row + 1), depth);
    }
    case Type::LARGE_LIST: {
      const auto& list = static_cast<const arrow::LargeListArray&>(array);
      return ListAt(*list.values(), list.value_offset(row),
                    list.value_offset(row + 1), depth);
    }
    case Type::STRUCT:
      return StructAt(static_cast<const arrow::StructArray&>(array), row,
                      depth);
    default:
      return OtherAt(array, row, depth);
  }
}

absl::StatusOr<Json> ValueAt(const arrow::Array& array, int64_t row,
                             int depth) {
  using arrow::Type;
  if (depth > kMaxDepth) {
    return absl::InvalidArgumentError(
        absl::StrCat("nested more than ", kMaxDepth, " deep"));
  }
  if (array.IsNull(row)) return Json();
  switch (array.type_id()) {
    case Type::BOOL:
      return Json(static_cast<const arrow::BooleanArray&>(array).Value(row));
    case Type::INT8:
      return NumberAt<arrow::Int8Array>(array, row);
    case Type::INT16:
      return NumberAt<arrow::Int16Array>(array, row);
    case Type::INT32:
      return NumberAt<arrow::Int32Array>(array, row);
    case Type::INT64:
      return NumberAt<arrow::Int64Array>(array, row);
    case Type::UINT8:
      return NumberAt<arrow::UInt8Array>(array, row);
    case Type::UINT16:
      return NumberAt<arrow::UInt16Array>(array, row);
    case Type::UINT32:
      return NumberAt<arrow::UInt32Array>(array, row);
    case Type::UINT64:
      return NumberAt<arrow::UInt64Array>(array, row);
    case Type::FLOAT:
      return NumberAt<arrow::FloatArray>(array, row);
    case Type::DOUBLE:
      return NumberAt<arrow::DoubleArray>(array, row);
    case Type::STRING:
    case Type::BINARY: {
      const auto view =
          static_cast<const arrow::BinaryArray&>(array).GetView(row);
      return Text({view.data(), view.size()});
    }
    case Type::LARGE_STRING:
    case Type::LARGE_BINARY: {
      const auto view =
          static_cast<const arrow::LargeBinaryArray&>(array).GetView(row);
      return Text({view.data(), view.size()});
    }
    default:
      return NestedAt(array, row, depth);
  }
}

absl::Status EachRow(
    const arrow::RecordBatch& batch, int64_t* row,
    const std::function<absl::Status(int64_t, const Json&)>& body) {
  for (int64_t i = 0; i < batch.num_rows(); ++i, ++*row) {
    Json object = Json::Object();
    for (int column = 0; column < batch.num_columns(); ++column) {
      absl::StatusOr<Json> value = ValueAt(*batch.column(column), i, 0);
      if (!value.ok()) {
        return absl::InvalidArgumentError(
            absl::StrCat("column '", batch.column_name(column),
                         "': ", value.status().message()));
      }
      object.Set(batch.column_name(column), *std::move(value));
    }
    LIMBECK_RETURN_IF_ERROR(body(*row, object));
  }
  return absl::OkStatus();
}

absl::Status ReadRows(
    const std::string& path,
    const std::function<absl::Status(int64_t, const Json&)>& body,
    int64_t max_bytes) {
  CappedMemoryPool pool(max_bytes);
  auto file = arrow::io::ReadableFile::Open(path);
  if (!file.ok()) return absl::NotFoundError(file.status().ToString());
  parquet::arrow::FileReaderBuilder builder;
  LIMBECK_RETURN_IF_ERROR(
      FromArrow(path, builder.Open(*file, parquet::ReaderProperties(&pool))));
  std::unique_ptr<parquet::arrow::FileReader> reader;
  parquet::ArrowReaderProperties properties;
  properties.set_batch_size(kBatchRows);
  properties.set_use_threads(false);
  LIMBECK_RETURN_IF_ERROR(FromArrow(
      path,
      builder.memory_pool(&pool)->properties(properties)->Build(&reader)));
  auto batches = reader->GetRecordBatchReader();
  LIMBECK_RETURN_IF_ERROR(FromArrow(path, batches.status()));
  int64_t row = 0;
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    LIMBECK_RETURN_IF_ERROR(FromArrow(path, (*batches)->ReadNext(&batch)));
    if (batch == nullptr) return absl::OkStatus();
    // A damaged page can hold offsets that point anywhere.
    LIMBECK_RETURN_IF_ERROR(FromArrow(path, batch->ValidateFull()));
    const absl::Status status = EachRow(*batch, &row, body);
    if (!status.ok()) {
      return absl::Status(status.code(), absl::StrCat(path, ": row ", row, ": ",
                                                      status.message()));
    }
  }
}

}  // namespace

bool HasParquet() { return true; }

absl::Status ForEachParquetRow(
    const std::string& path,
    const std::function<absl::Status(int64_t, const Json&)>& body,
    int64_t max_bytes) {
  // Arrow reports damage partly by exceptions.
  try {
    return ReadRows(path, body, max_bytes);
  } catch (const parquet::ParquetException& error) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", error.what()));
  }
}

}  // namespace limbeck
