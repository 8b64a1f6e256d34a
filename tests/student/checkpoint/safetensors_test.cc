// The safetensors container against well-formed and hostile files.
#include "student/checkpoint/safetensors.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstring>

#include "data/base/file.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

class Safetensors : public ::testing::Test {
 protected:
  std::string Path() const { return directory_.File("x.safetensors"); }

  std::string Bytes() const { return *ReadFile(Path()); }

  // Writes a file of this header (length added) and data, and opens it.
  absl::Status OpenRaw(const std::string& header, const std::string& data) {
    const uint64_t length = header.size();
    std::string bytes(8, '\0');
    std::memcpy(bytes.data(), &length, 8);
    return OpenBytes(bytes + header + data);
  }

  absl::Status OpenBytes(const std::string& bytes) {
    const absl::Status written = WriteFileAtomically(Path(), bytes);
    if (!written.ok()) return written;
    return SafetensorsFile::Open(Path()).status();
  }

  TemporaryDirectory directory_{TemporaryPlace::kMemory};
};

NamedTensors SmallTensors() {
  return {{"b", at::tensor({1.0f, -2.5f})},
          {"a", at::tensor({7, 8, 9}, at::kLong).view({3, 1})}};
}

TEST_F(Safetensors, KnownBytes) {
  LIMBECK_ASSERT_OK(
      WriteSafetensors(Path(), {{"x", at::tensor({1.0f})}}, {{"k", "v"}}));
  const std::string header =
      R"({"__metadata__":{"k":"v"},"x":{"dtype":"F32","shape":[1],)"
      R"("data_offsets":[0,4]}})";
  const std::string padded = header + std::string(80 - header.size(), ' ');
  EXPECT_EQ(Bytes(), std::string("\x50\0\0\0\0\0\0\0", 8) + padded +
                         std::string("\0\0\x80\x3f", 4));
}

TEST_F(Safetensors, RoundTripOfEveryDtype) {
  NamedTensors tensors;
  for (const at::ScalarType dtype :
       {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong, at::kInt,
        at::kShort, at::kChar, at::kByte, at::kUInt64, at::kUInt32, at::kUInt16,
        at::kBool, at::kFloat8_e4m3fn, at::kFloat8_e5m2, at::kFloat8_e8m0fnu}) {
    tensors.emplace_back(c10::toString(dtype),
                         at::arange(6).to(dtype).view({2, 3}));
  }
  tensors.emplace_back("scalar", at::tensor(3.0f).squeeze());
  tensors.emplace_back("empty", at::empty({0, 4}));
  tensors.emplace_back("strided", at::arange(6.0f).view({2, 3}).t());
  LIMBECK_ASSERT_OK(WriteSafetensors(Path(), tensors));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const SafetensorsFile file,
                               SafetensorsFile::Open(Path()));
  EXPECT_EQ(file.names().size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    LIMBECK_ASSERT_OK_AND_ASSIGN(const at::Tensor read, file.Get(name));
    EXPECT_EQ(read.scalar_type(), tensor.scalar_type()) << name;
    EXPECT_EQ(read.sizes(), tensor.sizes()) << name;
    const at::Tensor flat = tensor.contiguous();
    EXPECT_EQ(std::memcmp(read.const_data_ptr(), flat.const_data_ptr(),
                          flat.nbytes()),
              0)
        << name;
  }
}

TEST_F(Safetensors, TensorsOutliveTheFile) {
  at::Tensor kept;
  {
    LIMBECK_ASSERT_OK(WriteSafetensors(Path(), SmallTensors(), {{"k", "v"}}));
    LIMBECK_ASSERT_OK_AND_ASSIGN(const SafetensorsFile file,
                                 SafetensorsFile::Open(Path()));
    EXPECT_EQ(file.metadata().size(), 1u);
    LIMBECK_ASSERT_OK_AND_ASSIGN(kept, file.Get("b"));
  }
  EXPECT_TRUE(at::equal(kept, at::tensor({1.0f, -2.5f})));
}

TEST_F(Safetensors, MissingNameIsNamed) {
  LIMBECK_ASSERT_OK(WriteSafetensors(Path(), SmallTensors()));
  LIMBECK_ASSERT_OK_AND_ASSIGN(const SafetensorsFile file,
                               SafetensorsFile::Open(Path()));
  EXPECT_THAT(file.Get("c"),
              IsError(absl::StatusCode::kNotFound, "no tensor \"c\""));
}

TEST_F(Safetensors, MisalignedDataIsCopied) {
  // The reference writer pads; others do not.
  const std::string header =
      R"({"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} )";
  ASSERT_NE(header.size() % 4, 0u);
  LIMBECK_ASSERT_OK(OpenRaw(header, std::string("\0\0\x80\x3f", 4)));
  const SafetensorsFile file = *SafetensorsFile::Open(Path());
  EXPECT_EQ(file.Get("x")->item<float>(), 1.0f);
}

TEST_F(Safetensors, WriterRefusesDoubleNamesAndOddTypes) {
  EXPECT_THAT(
      WriteSafetensors(Path(), {{"x", at::ones({1})}, {"x", at::ones({1})}}),
      IsError(absl::StatusCode::kInvalidArgument, "used twice"));
  EXPECT_THAT(
      WriteSafetensors(Path(), {{"x", at::ones({1}, at::kComplexFloat)}}),
      IsError(absl::StatusCode::kUnimplemented, "ComplexFloat"));
  EXPECT_FALSE(FileExists(Path()));
}

TEST_F(Safetensors, Holes) {
  EXPECT_THAT(OpenRaw(R"({"x":{"dtype":"U8","shape":[1],)"
                      R"("data_offsets":[1,2]}})",
                      "ab"),
              IsError(absl::StatusCode::kDataLoss, "hole"));
  EXPECT_THAT(OpenRaw(R"({"x":{"dtype":"U8","shape":[1],)"
                      R"("data_offsets":[0,1]}})",
                      "ab"),
              IsError(absl::StatusCode::kDataLoss, "end at byte 1"));
}

TEST_F(Safetensors, Overlaps) {
  EXPECT_THAT(OpenRaw(R"({"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                      R"("y":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
                      "abc"),
              IsError(absl::StatusCode::kDataLoss, "overlap"));
  EXPECT_THAT(OpenRaw(R"({"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                      R"("y":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})",
                      "ab"),
              IsError(absl::StatusCode::kDataLoss, "overlap"));
}

TEST_F(Safetensors, OverflowingShape) {
  EXPECT_THAT(OpenRaw(R"({"x":{"dtype":"F32","shape":[4294967296,4294967296],)"
                      R"("data_offsets":[0,0]}})",
                      ""),
              IsError(absl::StatusCode::kDataLoss, "overflows"));
  EXPECT_THAT(OpenRaw(R"({"x":{"dtype":"F32","shape":[-1],)"
                      R"("data_offsets":[0,4]}})",
                      "abcd"),
              IsError(absl::StatusCode::kDataLoss, "shape holds -1"));
  EXPECT_THAT(OpenRaw(R"({"x":{"dtype":"F32","shape":[2],)"
                      R"("data_offsets":[0,4]}})",
                      "abcd"),
              IsError(absl::StatusCode::kDataLoss, "need 8 bytes"));
}

TEST_F(Safetensors, OffsetsOutside) {
  EXPECT_THAT(OpenRaw(R"({"x":{"dtype":"U8","shape":[9],)"
                      R"("data_offsets":[0,9]}})",
                      "ab"),
              IsError(absl::StatusCode::kDataLoss, "outside of 2 bytes"));
  EXPECT_THAT(OpenRaw(R"({"x":{"dtype":"U8","shape":[1],)"
                      R"("data_offsets":[2,1]}})",
                      "ab"),
              IsError(absl::StatusCode::kDataLoss, "[2, 1]"));
}

TEST_F(Safetensors, HugeHeaderLength) {
  EXPECT_THAT(OpenBytes(std::string("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10)),
              IsError(absl::StatusCode::kDataLoss, "header length"));
  EXPECT_THAT(OpenBytes(std::string("\x03\0\0\0\0\0\0\0{}", 10)),
              IsError(absl::StatusCode::kDataLoss, "header length is 3"));
  EXPECT_THAT(OpenBytes(""),
              IsError(absl::StatusCode::kDataLoss, "at least 8"));
}

TEST_F(Safetensors, StrangeHeaders) {
  EXPECT_THAT(OpenRaw("[]", ""), IsError(absl::StatusCode::kDataLoss, "'{'"));
  EXPECT_THAT(OpenRaw(R"({"x":3})", ""),
              IsError(absl::StatusCode::kDataLoss, "\"x\""));
  EXPECT_THAT(OpenRaw(R"({"__metadata__":{"k":3}})", ""),
              IsError(absl::StatusCode::kDataLoss, "not a string"));
  std::string deep = "{\"x\":";
  deep += std::string(100000, '[');
  EXPECT_FALSE(OpenRaw(deep, "").ok());
}

TEST_F(Safetensors, ForeignDtypesAreRefusedOnlyWhenAskedFor) {
  // A format unknown to everybody, 4-bit numbers, and something useful.
  LIMBECK_ASSERT_OK(
      OpenRaw(R"({"x":{"dtype":"F8_E9","shape":[5],"data_offsets":[0,1]},)"
              R"("y":{"dtype":"F4","shape":[3,2],"data_offsets":[1,4]},)"
              R"("z":{"dtype":"C64","shape":[],"data_offsets":[4,12]},)"
              R"("w":{"dtype":"U8","shape":[1],"data_offsets":[12,13]}})",
              "a"
              "bcd"
              "efghijkl"
              "m"));
  const SafetensorsFile file = *SafetensorsFile::Open(Path());
  EXPECT_EQ(file.Get("w")->item<uint8_t>(), 'm');
  for (const auto& [name, dtype] :
       {std::pair("x", "F8_E9"), std::pair("y", "F4"), std::pair("z", "C64")}) {
    EXPECT_THAT(file.Get(name),
                IsError(absl::StatusCode::kUnimplemented, dtype));
  }
}

TEST_F(Safetensors, HalfBytes) {
  EXPECT_THAT(OpenRaw(R"({"x":{"dtype":"F4","shape":[3],)"
                      R"("data_offsets":[0,2]}})",
                      "ab"),
              IsError(absl::StatusCode::kDataLoss, "no whole bytes"));
  EXPECT_THAT(OpenRaw(R"({"x":{"dtype":"F4","shape":[2],)"
                      R"("data_offsets":[0,2]}})",
                      "ab"),
              IsError(absl::StatusCode::kDataLoss, "need 1 bytes"));
}

TEST_F(Safetensors, BoolsAreZeroOrOneWhateverTheByte) {
  LIMBECK_ASSERT_OK(OpenRaw(R"({"x":{"dtype":"BOOL","shape":[3],)"
                            R"("data_offsets":[0,3]}})",
                            std::string("\x00\x01\xfe", 3)));
  const at::Tensor read = *SafetensorsFile::Open(Path())->Get("x");
  EXPECT_TRUE(at::equal(read, at::tensor({0, 1, 1}).to(at::kBool)));
}

TEST_F(Safetensors, NamesTwice) {
  EXPECT_THAT(OpenRaw(R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                      R"("x":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                      "ab"),
              IsError(absl::StatusCode::kDataLoss, "\"x\""));
}

TEST_F(Safetensors, RefusalsNameTheFile) {
  EXPECT_THAT(OpenRaw("{]", ""),
              IsError(absl::StatusCode::kDataLoss, "x.safetensors: header"));
  EXPECT_THAT(OpenRaw(R"({"x":{"shape":[],"data_offsets":[0,0]}})", ""),
              IsError(absl::StatusCode::kDataLoss, "tensor \"x\""));
}

TEST_F(Safetensors, EveryCutIsFound) {
  LIMBECK_ASSERT_OK(WriteSafetensors(Path(), SmallTensors()));
  ForEachCut(Bytes(), [&](const std::string& cut, size_t size) {
    EXPECT_FALSE(OpenBytes(cut).ok()) << size << " bytes";
  });
}

// The format has no checksum: a flipped bit may change a value or a name, but
// never more than that.
TEST_F(Safetensors, FlippedBitsAreHarmless) {
  LIMBECK_ASSERT_OK(WriteSafetensors(Path(), SmallTensors(), {{"k", "v"}}));
  ForEachBitFlip(Bytes(), [&](const std::string& mutated, size_t bit) {
    LIMBECK_ASSERT_OK(WriteFileAtomically(Path(), mutated));
    const absl::StatusOr<SafetensorsFile> file = SafetensorsFile::Open(Path());
    if (!file.ok()) return;
    size_t bytes = 0;
    for (const SafetensorsEntry& entry : file->entries()) {
      bytes += file->Bytes(entry).size();
      const absl::StatusOr<at::Tensor> tensor = file->Get(entry.name);
      if (!tensor.ok()) continue;  // another dtype
      EXPECT_EQ(tensor->nbytes(), file->Bytes(entry).size());
      EXPECT_NO_THROW(tensor->clone()) << "bit " << bit;
    }
    EXPECT_EQ(bytes, size_t{32}) << "bit " << bit;
  });
}

TEST_F(Safetensors, RandomEditsAreHarmless) {
  LIMBECK_ASSERT_OK(WriteSafetensors(Path(), SmallTensors(), {{"k", "v"}}));
  ForEachMutation(Bytes(), 2000, 11, [&](const std::string& mutated) {
    LIMBECK_ASSERT_OK(WriteFileAtomically(Path(), mutated));
    const absl::StatusOr<SafetensorsFile> file = SafetensorsFile::Open(Path());
    if (!file.ok()) return;
    for (const std::string& name : file->names()) {
      const absl::StatusOr<at::Tensor> tensor = file->Get(name);
      if (tensor.ok()) EXPECT_LE(tensor->nbytes(), mutated.size());
    }
  });
}

}  // namespace
}  // namespace limbeck
