#include "data/base/digest.h"

#include <cmath>
#include <limits>
#include <string>

#include "data/base/file.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

// FIPS 180-4 examples (NIST's SHA256.pdf) and the empty message.
TEST(Sha256, PublishedVectors) {
  EXPECT_EQ(Sha256Hex(""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(
      Sha256Hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Sha256Hex(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesGiveTheWhole) {
  Sha256 hash;
  hash.Update("a");
  hash.Update("");
  hash.Update("bc");
  EXPECT_EQ(hash.Finish(), Sha256Of("abc"));
}

TEST(Sha256, FileIsItsBytes) {
  const TemporaryDirectory directory;
  const std::string content(3000000, 'x');
  LIMBECK_ASSERT_OK(WriteFileAtomically(directory.File("a"), content));
  EXPECT_EQ(*Sha256HexOfFile(directory.File("a")), Sha256Hex(content));
  EXPECT_THAT(Sha256HexOfFile(directory.File("absent")),
              IsError(absl::StatusCode::kNotFound, "absent"));
}

TEST(ToHex, LowerCaseDigits) {
  EXPECT_EQ(ToHex(std::string("\0\x7F\xAB\xFF", 4)), "007fabff");
}

// The bytes are part of every id on disk: this value must never change.
TEST(FieldHasher, GoldenId) {
  std::string bytes;
  const auto field = [&](char type, const std::string& value) {
    bytes += type;
    bytes += static_cast<char>(value.size());
    bytes += std::string(7, '\0');
    bytes += value;
  };
  field('d', "limbeck.test.v1");
  field('b', "abc");
  field('i', std::string("\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8));
  field('f', std::string("\0\0\0\0\0\0\xF8\x3F", 8));
  FieldHasher hasher("limbeck.test.v1");
  hasher.Bytes("abc").Int(-2).Double(1.5);
  EXPECT_EQ(hasher.Hex(), Sha256Hex(bytes));
  EXPECT_EQ(
      FieldHasher("limbeck.test.v1").Bytes("abc").Int(-2).Double(1.5).Id(),
      Sha256Of(bytes).substr(0, 16));
}

TEST(FieldHasher, BordersBetweenFieldsCount) {
  EXPECT_NE(FieldHasher("d").Bytes("ab").Bytes("c").Hex(),
            FieldHasher("d").Bytes("a").Bytes("bc").Hex());
  EXPECT_NE(FieldHasher("d").Bytes("").Hex(), FieldHasher("d").Hex());
  EXPECT_NE(FieldHasher("d").Int(1).Hex(), FieldHasher("d").Double(1).Hex());
  EXPECT_NE(FieldHasher("d1").Hex(), FieldHasher("d2").Hex());
}

TEST(FieldHasher, EqualNumbersHashEqually) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(FieldHasher("d").Double(0.0).Hex(),
            FieldHasher("d").Double(-0.0).Hex());
  EXPECT_EQ(FieldHasher("d").Double(nan).Hex(),
            FieldHasher("d").Double(-nan).Hex());
  EXPECT_NE(FieldHasher("d").Double(1.0).Hex(),
            FieldHasher("d").Double(std::nextafter(1.0, 2.0)).Hex());
}

}  // namespace
}  // namespace limbeck
