#include "data/record/jsonl.h"

#include <sys/stat.h>

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "data/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/data/record/shard_samples.h"
#include "tests/support/mutation.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Line {
  uint64_t number;
  uint64_t byte_offset;
  std::string text;
  bool operator==(const Line& other) const {
    return number == other.number && byte_offset == other.byte_offset &&
           text == other.text;
  }
};

void PrintTo(const Line& line, std::ostream* out) {
  *out << line.number << "@" << line.byte_offset << ": " << line.text;
}

class JsonlTest : public ::testing::Test {
 protected:
  std::vector<Line> Read(const std::string& content,
                         const JsonlOptions& options = {}) {
    WriteQuickly(path_, content);
    std::vector<Line> lines;
    auto reader = JsonlReader::Open(path_, options);
    EXPECT_THAT(reader, IsOk());
    JsonlLine line;
    while (true) {
      const absl::StatusOr<bool> more = (*reader)->Next(&line);
      EXPECT_THAT(more, IsOk());
      if (!more.ok() || !*more) return lines;
      lines.push_back({line.number, line.byte_offset, std::string(line.text)});
    }
  }

  const TemporaryDirectory directory_{TemporaryPlace::kMemory};
  const std::string path_ = directory_.File("a.jsonl");
};

TEST_F(JsonlTest, LinesHaveNumbersAndOffsets) {
  EXPECT_THAT(
      Read("{}\n[1]\ntrue\n"),
      ElementsAre(Line{1, 0, "{}"}, Line{2, 3, "[1]"}, Line{3, 7, "true"}));
}

TEST_F(JsonlTest, LastLineNeedsNoEnd) {
  EXPECT_THAT(Read("1\n2"), ElementsAre(Line{1, 0, "1"}, Line{2, 2, "2"}));
}

TEST_F(JsonlTest, EmptyFilesHaveNoLines) {
  EXPECT_THAT(Read(""), IsEmpty());
  EXPECT_THAT(Read("\n\n"), IsEmpty());
}

TEST_F(JsonlTest, BlankLinesAreSkippedButCounted) {
  EXPECT_THAT(Read("1\n\n \t\r\n2\n"),
              ElementsAre(Line{1, 0, "1"}, Line{4, 7, "2"}));
}

TEST_F(JsonlTest, BlankLinesAreDeliveredOnRequest) {
  JsonlOptions options;
  options.deliver_blank_lines = true;
  WriteQuickly(path_, "\n1\n \r\n\n");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto reader,
                               JsonlReader::Open(path_, options));
  std::vector<std::string> texts;
  JsonlLine line;
  while (*reader->Next(&line)) texts.emplace_back(line.text);
  EXPECT_THAT(texts, ElementsAre("", "1", " ", ""));
}

TEST_F(JsonlTest, CarriageReturnsBelongToTheLineEnd) {
  EXPECT_THAT(Read("1\r\n2\r\n3\r"),
              ElementsAre(Line{1, 0, "1"}, Line{2, 3, "2"}, Line{3, 6, "3"}));
}

TEST_F(JsonlTest, ByteOrderMarkIsDropped) {
  EXPECT_THAT(Read("\xEF\xBB\xBF{}\n\xEF\xBB\xBF{}"),
              ElementsAre(Line{1, 3, "{}"}, Line{2, 6, "\xEF\xBB\xBF{}"}));
}

TEST_F(JsonlTest, ZeroBytesAreKept) {
  const std::string content("a\0b\nc", 5);
  EXPECT_THAT(Read(content),
              ElementsAre(Line{1, 0, std::string("a\0b", 3)}, Line{2, 4, "c"}));
}

TEST_F(JsonlTest, LongLinesAreCutAndTheNextOneIsFound) {
  JsonlOptions options;
  options.max_line_bytes = 4;
  WriteQuickly(path_, "1234\n12345\n123456789\r\n12\r\n1234\r\n");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto reader,
                               JsonlReader::Open(path_, options));
  std::vector<uint64_t> sizes;
  std::vector<bool> too_long;
  JsonlLine line;
  while (*reader->Next(&line)) {
    sizes.push_back(line.bytes);
    too_long.push_back(line.too_long());
    EXPECT_LE(line.text.size(), 4);
  }
  EXPECT_THAT(too_long, ElementsAre(false, true, true, false, false));
  EXPECT_THAT(sizes, ElementsAre(4, 5, 10, 2, 4));
}

TEST_F(JsonlTest, LinesAcrossBuffersAreWhole) {
  std::string content;
  std::vector<uint64_t> offsets;
  for (size_t i = 0; i < 40; ++i) {
    offsets.push_back(content.size());
    content += std::string(70000 + i, static_cast<char>('a' + i % 26)) + "\n";
  }
  const std::vector<Line> lines = Read(content);
  ASSERT_EQ(lines.size(), 40);
  for (size_t i = 0; i < 40; ++i) {
    EXPECT_EQ(lines[i].byte_offset, offsets[i]);
    EXPECT_EQ(lines[i].text.size(), 70000 + i);
    EXPECT_EQ(lines[i].text[69999], static_cast<char>('a' + i % 26));
  }
}

// What stands between line ends, found in the plainest way.
std::vector<std::string> SplitPlainly(std::string content) {
  const std::string mark = "\xEF\xBB\xBF";
  if (content.compare(0, mark.size(), mark) == 0) content.erase(0, mark.size());
  std::vector<std::string> lines;
  std::istringstream stream(content);
  std::string line;
  while (std::getline(stream, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.find_first_not_of(" \t\r\v\f") != std::string::npos) {
      lines.push_back(line);
    }
  }
  return lines;
}

constexpr char kDamaged[] = "\xEF\xBB\xBF{\"a\": 1}\r\n\n[2, 3]\n\"x\"";

TEST_F(JsonlTest, OffsetsPointAtTheLines) {
  ForEachMutation(kDamaged, 2000, /*key=*/5, [&](const std::string& content) {
    for (const Line& line : Read(content)) {
      EXPECT_EQ(content.substr(line.byte_offset, line.text.size()), line.text);
      EXPECT_TRUE(line.byte_offset < 4 ||
                  content[line.byte_offset - 1] == '\n');
    }
  });
}

TEST_F(JsonlTest, DamagedFilesHaveTheLinesOfAPlainSplit) {
  const auto expect_plain = [&](const std::string& content) {
    std::vector<std::string> texts;
    for (const Line& line : Read(content)) texts.push_back(line.text);
    ASSERT_EQ(texts, SplitPlainly(content)) << testing::PrintToString(content);
  };
  ForEachCut(kDamaged,
             [&](const std::string& cut, size_t) { expect_plain(cut); });
  ForEachBitFlip(kDamaged, [&](const std::string& flipped, size_t) {
    expect_plain(flipped);
  });
  ForEachMutation(kDamaged, 2000, /*key=*/7, expect_plain);
}

TEST_F(JsonlTest, DamageUnderASmallLimitIsBounded) {
  JsonlOptions options;
  options.max_line_bytes = 5;
  ForEachMutation(kDamaged, 2000, /*key=*/9, [&](const std::string& content) {
    WriteQuickly(path_, content);
    LIMBECK_ASSERT_OK_AND_ASSIGN(const auto reader,
                                 JsonlReader::Open(path_, options));
    JsonlLine line;
    uint64_t end = 0;
    while (*reader->Next(&line)) {
      EXPECT_LE(line.text.size(), 5u);
      EXPECT_LE(line.text.size(), line.bytes);
      EXPECT_GE(line.byte_offset, end);
      end = line.byte_offset + line.bytes;
      EXPECT_LE(end, content.size());
    }
  });
}

TEST_F(JsonlTest, PipesAreRefusedWhereFilesAreWanted) {
  const std::string pipe = directory_.File("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(JsonlReader::Open(pipe),
              IsError(absl::StatusCode::kInvalidArgument,
                      "pipe is a pipe, expected a regular file"));
}

TEST_F(JsonlTest, PipesCanBeRead) {
  const std::string pipe = directory_.File("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&] {
    std::ofstream out(pipe);
    out << "1\n2\n";
  });
  JsonlOptions options;
  options.accept_streams = true;
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto reader,
                               JsonlReader::Open(pipe, options));
  JsonlLine line;
  ASSERT_TRUE(*reader->Next(&line));
  ASSERT_TRUE(*reader->Next(&line));
  EXPECT_EQ(line.text, "2");
  EXPECT_FALSE(*reader->Next(&line));
  writer.join();
}

TEST_F(JsonlTest, ParseErrorsNameFileLineAndByte) {
  WriteQuickly(path_, "{}\n{\"a\" 1}\n");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto reader, JsonlReader::Open(path_));
  JsonlLine line;
  ASSERT_TRUE(*reader->Next(&line));
  LIMBECK_EXPECT_OK(ParseJsonlLine(*reader, line));
  ASSERT_TRUE(*reader->Next(&line));
  const absl::Status status = ParseJsonlLine(*reader, line).status();
  EXPECT_THAT(status, IsError(absl::StatusCode::kInvalidArgument,
                              path_ + ", line 2 at byte 3: "));
  EXPECT_THAT(status, IsError(absl::StatusCode::kInvalidArgument,
                              "column 6 (byte 5): expected ':'"));
}

TEST_F(JsonlTest, TooLongLinesAreAParseError) {
  JsonlOptions options;
  options.max_line_bytes = 4;
  WriteQuickly(path_, "123456\n");
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto reader,
                               JsonlReader::Open(path_, options));
  JsonlLine line;
  ASSERT_TRUE(*reader->Next(&line));
  EXPECT_THAT(ParseJsonlLine(*reader, line),
              IsError(absl::StatusCode::kResourceExhausted,
                      "the line has 6 bytes, at most 4"));
}

TEST_F(JsonlTest, AbsentFilesAndDirectoriesAreErrors) {
  EXPECT_THAT(JsonlReader::Open(directory_.File("absent")),
              IsError(absl::StatusCode::kNotFound, "absent"));
  EXPECT_THAT(JsonlReader::Open(directory_.path()),
              IsError(absl::StatusCode::kInvalidArgument, "is a directory"));
  JsonlOptions options;
  options.accept_streams = true;
  LIMBECK_ASSERT_OK_AND_ASSIGN(const auto reader,
                               JsonlReader::Open(directory_.path(), options));
  JsonlLine line;
  EXPECT_THAT(reader->Next(&line), testing::Not(IsOk()));
}

}  // namespace
}  // namespace limbeck
