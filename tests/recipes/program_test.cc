// The commands and filters end to end, through the real binary.
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "data/base/file.h"
#include "data/base/json.h"
#include "data/text/reasoning_format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/recipes/program_fixture.h"
#include "tests/support/status_matchers.h"

namespace limbeck {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

std::vector<Json> Lines(const std::string& text) {
  std::vector<Json> lines;
  for (const absl::string_view line :
       absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const auto json = ParseJson(line);
    EXPECT_THAT(json, IsOk()) << line;
    lines.push_back(json.ok() ? *json : Json());
  }
  return lines;
}

std::vector<double> Numbers(const Json& list) {
  std::vector<double> numbers;
  for (const Json& item : list.array()) numbers.push_back(item.number());
  return numbers;
}

TEST_F(Program, EveryVerbHasHelpWithAnExample) {
  for (const char* verb : {"run", "plan", "inspect", "lineage", "compare",
                           "tokenize", "render", "score", "generate", "verify",
                           "benchmark", "convert", "init", "doctor"}) {
    const ProgramResult help = RunProgram({verb, "--help"});
    EXPECT_EQ(help.exit_code, 0) << verb;
    EXPECT_THAT(help.output, HasSubstr(absl::StrCat("Example:\n  ")));
    EXPECT_THAT(help.output, HasSubstr(absl::StrCat("limbeck ", verb)));
    EXPECT_EQ(help.errors, "");
  }
}

TEST_F(Program, WrongArgumentsFail) {
  EXPECT_EQ(RunProgram({}).exit_code, 2);
  const ProgramResult unknown = RunProgram({"verfy"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.errors,
              HasSubstr("no verb 'verfy' (did you mean 'verify'?)"));
  EXPECT_EQ(RunProgram({"tokenize"}).exit_code, 2);
  EXPECT_EQ(
      RunProgram({"generate", "--model", Model(), "--top_p", "2"}).exit_code,
      2);
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{"--bogus"}, {"doctor", "--bogus"}}) {
    const ProgramResult bogus = RunProgram(wrong);
    EXPECT_EQ(bogus.exit_code, 2);
    EXPECT_THAT(bogus.errors, Not(HasSubstr("subcommand")));
    EXPECT_EQ(bogus.errors.rfind("limbeck: ", 0), 0u) << bogus.errors;
    EXPECT_THAT(bogus.errors, HasSubstr("--bogus"));
    EXPECT_EQ(bogus.output, "");
  }
  EXPECT_EQ(RunProgram({"--version"}).exit_code, 0);
  const ProgramResult missing = RunProgram({"run", "no-such-recipe"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.errors, HasSubstr("there is no recipe 'no-such-recipe'"));
  EXPECT_EQ(missing.output, "");
}

TEST_F(Program, TokenizeAndBack) {
  const std::string text = "What is 2 + 3?\\n<think>\\u2603";
  const ProgramResult there =
      RunProgram({"tokenize", "--tokenizer", Tokenizer()},
                 absl::StrCat("{\"id\": \"a\", \"text\": \"", text, "\"}\n"));
  ASSERT_EQ(there.exit_code, 0) << there.errors;
  const ProgramResult back = RunProgram(
      {"tokenize", "--decode", "--tokenizer", Tokenizer()}, there.output);
  ASSERT_EQ(back.exit_code, 0) << back.errors;
  EXPECT_EQ(back.output,
            "{\"id\":\"a\",\"text\":\"What is 2 + 3?\\n<think>\xE2\x98\x83\"}"
            "\n");
}

TEST_F(Program, BadLinesAreAnsweredAndTheRestGoesOn) {
  const ProgramResult result =
      RunProgram({"tokenize", "--tokenizer", Tokenizer()},
                 "{\"text\":\"a\",\"id\":1}\nnonsense\n{\"id\":2}\n"
                 "{\"text\":\"b\",\"id\":3}");
  EXPECT_EQ(result.exit_code, 1);
  const std::vector<Json> lines = Lines(result.output);
  ASSERT_THAT(lines, SizeIs(4));
  EXPECT_NE(lines[0].Find("ids"), nullptr);
  EXPECT_NE(lines[1].Find("error"), nullptr);
  EXPECT_EQ(*lines[2].GetInt("id"), 2);
  EXPECT_THAT(*lines[2].GetString("error"), HasSubstr("text"));
  EXPECT_NE(lines[3].Find("ids"), nullptr);
  EXPECT_EQ(result.errors, "limbeck: 2 of 4 lines had an error\n");
}

TEST_F(Program, RenderUsesTheFoldersTemplate) {
  const std::string line =
      "{\"messages\":[{\"role\":\"user\",\"content\":\"2+3?\"}],"
      "\"add_generation_prompt\":true}\n";
  const ProgramResult good =
      RunProgram({"render", "--tokenizer", Tokenizer()}, line);
  EXPECT_EQ(good.exit_code, 0) << good.errors;
  EXPECT_EQ(good.output,
            "{\"text\":\"<|user|>2+3?<|end|><|assistant|><think>\\n\"}\n");
  const std::string other = directory_->File("other");
  LIMBECK_ASSERT_OK(MakeDirectories(other));
  LIMBECK_ASSERT_OK(WriteFileAtomically(JoinPath(other, "chat_template.jinja"),
                                        "{{ messages[0].content }}{{ x }}"));
  const ProgramResult plain = RunProgram(
      {"render", "--tokenizer", other},
      "{\"id\":1,\"messages\":[{\"role\":\"a\",\"content\":\"b\"}],\"x\":3}\n");
  EXPECT_EQ(plain.output, "{\"id\":1,\"text\":\"b3\"}\n") << plain.errors;
  LIMBECK_ASSERT_OK(WriteFileAtomically(JoinPath(other, "chat_template.jinja"),
                                        "a\n{{ messages|magic }}"));
  const ProgramResult bad =
      RunProgram({"render", "--tokenizer", other}, line + line);
  EXPECT_EQ(bad.exit_code, 1);
  const std::vector<Json> lines = Lines(bad.output);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_THAT(*lines[1].GetString("error"),
              HasSubstr("line 2: unknown filter 'magic'"));
}

// Writes the files of a folder and gives the ids of "ab 12".
std::string IdsOfLayout(
    const std::string& folder,
    const std::vector<std::pair<std::string, std::string>>& files) {
  LIMBECK_EXPECT_OK(MakeDirectories(folder));
  for (const auto& [name, source] : files) {
    const auto bytes = ReadFile(source, 1 << 24);
    LIMBECK_EXPECT_OK(bytes);
    LIMBECK_EXPECT_OK(WriteFileAtomically(JoinPath(folder, name), *bytes));
  }
  const ProgramResult result =
      RunProgram({"tokenize", "--tokenizer", folder}, "{\"text\":\"ab 12\"}\n");
  return result.exit_code == 0 ? result.output : result.errors;
}

TEST_F(Program, TokenizeReadsEveryLayout) {
  const std::string texts = "tests/testdata/text/";
  const std::string json = texts + "llama3/tokenizer.json";
  const std::string tiktoken = texts + "tiktoken/";
  const std::string model = JoinPath(Tokenizer(), "tokenizer.model");
  const auto ids_of =
      [&](const std::string& name,
          const std::vector<std::pair<std::string, std::string>>& files) {
        return IdsOfLayout(directory_->File(name), files);
      };
  const std::string of_json = ids_of("json", {{"tokenizer.json", json}});
  const std::string of_model = ids_of("model", {{"tokenizer.model", model}});
  EXPECT_THAT(of_json, HasSubstr("\"ids\":["));
  EXPECT_THAT(of_model, HasSubstr("\"ids\":["));
  EXPECT_NE(of_json, of_model);
  EXPECT_EQ(
      ids_of("both", {{"tokenizer.json", json}, {"tokenizer.model", model}}),
      of_json);
  const std::string config = tiktoken + "tokenizer_config.json";
  const std::string of_tiktoken =
      ids_of("tiktoken", {{"qwen.tiktoken", tiktoken + "small.tiktoken"},
                          {"tokenizer_config.json", config}});
  EXPECT_THAT(of_tiktoken, HasSubstr("\"ids\":["));
  EXPECT_EQ(ids_of("ranks", {{"tokenizer.model", tiktoken + "small.tiktoken"},
                             {"tokenizer_config.json", config}}),
            of_tiktoken);
  EXPECT_THAT(ids_of("none", {}), HasSubstr("holds neither tokenizer.json"));
}

TEST_F(Program, RenderTakesTheChatOptions) {
  const std::string line =
      "{\"messages\":[{\"role\":\"user\",\"content\":\"2+3?\"}],"
      "\"add_generation_prompt\":true}\n";
  const auto render = [&](std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"render", "--tokenizer", Tokenizer()});
    return RunProgram(flags, line);
  };
  EXPECT_EQ(
      render({"--think_tag", "strip", "--system_prompt", "Be brief."}).output,
      "{\"text\":\"<|system|>Be brief.<|end|><|user|>2+3?<|end|>"
      "<|assistant|>\"}\n");
  EXPECT_EQ(render({"--think_tag", "maybe"}).exit_code, 2);
  EXPECT_THAT(render({"--date", "tomorrow"}).output,
              HasSubstr("date is 'tomorrow'"));
  EXPECT_THAT(render({"--template_name", "tool_use"}).output,
              HasSubstr("no chat template 'tool_use', known are default"));
}

TEST_F(Program, ScoreIsNormalisedAndAgreesWithGenerate) {
  const ProgramResult generated = RunProgram(
      {"generate", "--model", Model(), "--max_tokens", "12", "--seed", "5"},
      "{\"ids\":[7,8,9]}\n");
  ASSERT_EQ(generated.exit_code, 0) << generated.errors;
  const Json line = Lines(generated.output)[0];
  const Json& sample = line.Find("samples")->array()[0];
  Json ids = Json::Array();
  for (const int id : {7, 8, 9}) ids.Push(id);
  for (const Json& id : sample.Find("ids")->array()) ids.Push(id);
  Json request = Json::Object();
  request.Set("ids", ids);
  const ProgramResult scored =
      RunProgram({"score", "--model", Model(), "--top_k", "400"},
                 WriteJson(request) + "\n");
  ASSERT_EQ(scored.exit_code, 0) << scored.errors;
  const Json score = Lines(scored.output)[0];
  const std::vector<double> logprobs = Numbers(*score.Find("logprobs"));
  ASSERT_EQ(logprobs.size(), ids.array().size() - 1);
  const std::vector<double> sampled = Numbers(*sample.Find("logprobs"));
  for (size_t i = 0; i < sampled.size(); ++i) {
    EXPECT_NEAR(logprobs[2 + i], sampled[i], 1e-4);  // float32, two paths
  }
  double mass = 0;
  for (const double logprob : Numbers(score.Find("top_logprobs")->array()[0])) {
    mass += std::exp(logprob);
  }
  EXPECT_NEAR(mass, 1.0, 1e-5);  // 400 is the whole vocabulary
}

TEST_F(Program, SamplesDependOnTheirPromptAlone) {
  const std::vector<std::string> arguments = {
      "generate", "--model", Model(), "--max_tokens", "10", "--n",
      "3",        "--rows",  "4"};
  const ProgramResult alone = RunProgram(arguments, "{\"prompt\":\"2 + 3\"}\n");
  ASSERT_EQ(alone.exit_code, 0) << alone.errors;
  const ProgramResult company = RunProgram(
      arguments,
      "{\"prompt\":\"x\"}\n{\"prompt\":\"a long one: 1 2 3 4 5 6\"}\n"
      "{\"prompt\":\"2 + 3\"}\n{\"ids\":[3,4]}\n");
  ASSERT_EQ(company.exit_code, 0) << company.errors;
  const auto lines = Lines(company.output);
  ASSERT_THAT(lines, SizeIs(4));
  EXPECT_EQ(WriteJson(lines[2]) + "\n", alone.output);
  EXPECT_THAT(lines[2].Find("samples")->array(), SizeIs(3));
}

TEST_F(Program, GenerateTakesMessagesAndRefusesNonsense) {
  const ProgramResult result = RunProgram(
      {"generate", "--model", Model(), "--max_tokens", "4", "--temperature",
       "0", "--ignore_eos", "--logprobs", "2"},
      "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"id\":0}\n"
      "{\"messages\":[{\"role\":\"wizard\",\"content\":\"hi\"}]}\n"
      "{\"prompt\":\"a\",\"ids\":[1]}\n{\"ids\":[100000]}\n{\"ids\":[]}\n");
  EXPECT_EQ(result.exit_code, 1);
  const auto lines = Lines(result.output);
  ASSERT_THAT(lines, SizeIs(5));
  const Json& sample = lines[0].Find("samples")->array()[0];
  EXPECT_THAT(sample.Find("ids")->array(), SizeIs(4));
  EXPECT_THAT(sample.Find("top_ids")->array(), AllOf(SizeIs(4)));
  // Greedy: the sampled id is the likeliest one.
  EXPECT_EQ(sample.Find("top_ids")->array()[0].array()[0],
            sample.Find("ids")->array()[0]);
  EXPECT_EQ(*sample.GetString("finish_reason"), "length");
  EXPECT_THAT(*lines[1].GetString("error"), HasSubstr("unknown role"));
  EXPECT_THAT(*lines[2].GetString("error"), HasSubstr("expected one"));
  EXPECT_THAT(*lines[3].GetString("error"), HasSubstr("100000"));
  EXPECT_NE(lines[4].Find("error"), nullptr);
}

TEST_F(Program, VerifyKnowsIntegers) {
  const ProgramResult result = RunProgram(
      {"verify"},
      "{\"gold\":\"42\",\"answer\":\"so \\\\boxed{42}\",\"kind\":\"integer\"}\n"
      "{\"gold\":\"42\",\"answer\":\"\\\\boxed{41}\",\"kind\":\"integer\"}\n"
      "{\"gold\":\"42\",\"answer\":\"42\",\"kind\":\"taste\"}\n");
  EXPECT_EQ(result.exit_code, 1);
  const auto lines = Lines(result.output);
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_EQ(*lines[0].GetString("verdict"), "correct");
  EXPECT_EQ(*lines[0].GetString("extracted"), "42");
  EXPECT_EQ(*lines[1].GetString("verdict"), "wrong");
  EXPECT_THAT(*lines[2].GetString("error"), HasSubstr("taste"));
}

TEST_F(Program, VerifyRefusesOptionsThatAreMisspelt) {
  const ProgramResult result =
      RunProgram({"verify"},
                 "{\"gold\":2,\"answer\":\"2\",\"idx\":7,\"note\":\"\"}\n"
                 "{\"gold\":\"2\",\"answer\":\"2\",\"rel_tolerance\":0.1}\n");
  const auto lines = Lines(result.output);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(*lines[0].GetString("verdict"), "correct");
  EXPECT_THAT(*lines[1].GetString("error"),
              HasSubstr("did you mean \"relative_tolerance\"?"));
}

TEST_F(Program, BenchmarkAndCompare) {
  const std::string data = directory_->File("problems.jsonl");
  LIMBECK_ASSERT_OK(WriteFileAtomically(
      data,
      "{\"id\":\"a\",\"problem\":\"1+1?\",\"answer\":\"2\"}\n"
      "{\"id\":\"b\",\"problem\":\"1+2?\",\"answer\":\"3\"}\n"));
  const auto score = [&](const std::string& second) {
    const std::string samples = directory_->File("samples.jsonl");
    EXPECT_THAT(WriteFileAtomically(
                    samples, absl::StrCat("{\"problem_id\":\"a\",\"sample\":0,"
                                          "\"text\":\"\\\\boxed{2}\"}\n"
                                          "{\"problem_id\":\"b\",\"sample\":0,"
                                          "\"text\":\"\\\\boxed{",
                                          second, "}\"}\n")),
                IsOk());
    return RunProgram(
        {"benchmark", "--name", "jsonl", "--data", data, "--samples", samples});
  };
  const ProgramResult all = score("3");
  const ProgramResult half = score("4");
  ASSERT_EQ(all.exit_code, 0) << all.errors;
  ASSERT_EQ(half.exit_code, 0) << half.errors;
  EXPECT_EQ(*Lines(all.output)[0].GetDouble("pass_at_1"), 1.0);
  EXPECT_EQ(*Lines(half.output)[0].GetDouble("pass_at_1"), 0.5);
  const std::string a = directory_->File("a.json");
  const std::string b = directory_->File("b.json");
  LIMBECK_ASSERT_OK(WriteFileAtomically(a, all.output));
  LIMBECK_ASSERT_OK(WriteFileAtomically(b, half.output));
  const ProgramResult compared = RunProgram({"compare", a, b});
  ASSERT_EQ(compared.exit_code, 0) << compared.errors;
  const Json comparison =
      Lines(compared.output)[0].Find("comparisons")->array()[0];
  EXPECT_EQ(*comparison.GetDouble("difference"), 0.5);
}

TEST_F(Program, BenchmarkOfRefusedProblemsFails) {
  const std::string data = directory_->File("words.jsonl");
  const std::string samples = directory_->File("word_samples.jsonl");
  LIMBECK_ASSERT_OK(WriteFileAtomically(
      data,
      "{\"id\":\"a\",\"problem\":\"p\",\"answer\":\"\"}\n"
      "{\"id\":\"b\",\"problem\":\"q\",\"answer\":\" \"}\n"));
  LIMBECK_ASSERT_OK(WriteFileAtomically(
      samples, "{\"problem_id\":\"a\",\"sample\":0,\"text\":\"x\"}\n"));
  const ProgramResult run = RunProgram(
      {"benchmark", "--name", "jsonl", "--data", data, "--samples", samples});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.errors, HasSubstr(absl::StrCat(
                              "benchmark 'jsonl', ", data,
                              ": 2 of 2 problems were refused, none is left to "
                              "score; the first, 'a': the gold answer is ")));
  ASSERT_THAT(Lines(run.output), SizeIs(1));
  EXPECT_THAT(Lines(run.output)[0].Find("refused_problems")->array(),
              SizeIs(2));
}

TEST_F(Program, ConvertKeepsTheModel) {
  const std::string half = directory_->File("half");
  ASSERT_EQ(
      RunProgram({"convert", Model(), half, "--dtype", "bfloat16"}).exit_code,
      0);
  EXPECT_EQ(RunProgram({"convert", Model(), half}).exit_code, 1);  // is there
  const std::string line = "{\"ids\":[7,8,9,10]}\n";
  const ProgramResult a = RunProgram({"score", "--model", Model()}, line);
  const ProgramResult b =
      RunProgram({"score", "--model", half, "--dtype", "float32"}, line);
  ASSERT_EQ(a.exit_code, 0) << a.errors;
  ASSERT_EQ(b.exit_code, 0) << b.errors;
  const auto x = Numbers(*Lines(a.output)[0].Find("logprobs"));
  const auto y = Numbers(*Lines(b.output)[0].Find("logprobs"));
  for (size_t i = 0; i < x.size(); ++i) {
    EXPECT_NEAR(x[i], y[i], 0.02);  // weights rounded to 8 bits of mantissa
  }
  EXPECT_TRUE(FileExists(JoinPath(half, "tokenizer.model")));
}

TEST_F(Program, InitIsReproducible) {
  const auto init = [&](const std::string& name, const std::string& seed) {
    const std::string folder = directory_->File(name);
    const ProgramResult result =
        RunProgram({"init", folder, "--family", "qwen2", "--vocab_size", "50",
                    "--hidden_size", "16", "--layers", "1", "--heads", "2",
                    "--intermediate_size", "32", "--seed", seed});
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    const auto bytes = ReadFile(JoinPath(folder, "model.safetensors"));
    EXPECT_THAT(bytes, IsOk());
    return *bytes;
  };
  const std::string first = init("q1", "1");
  EXPECT_EQ(init("q2", "1"), first);
  EXPECT_NE(init("q3", "2"), first);
}

TEST_F(Program, InitNamesBothSizesOfTheVocabulary) {
  const ProgramResult result =
      RunProgram({"init", directory_->File("small"), "--vocab_size", "10",
                  "--hidden_size", "16", "--layers", "1", "--heads", "2",
                  "--intermediate_size", "32", "--tokenizer", *tokenizer_});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.errors, AllOf(HasSubstr("vocab_size is 10, but the "),
                                   HasSubstr(" ids; give --vocab_size ")));
}

TEST_F(Program, DoctorTellsTheIsolationLevel) {
  const ProgramResult doctor = RunProgram({"doctor"});
  EXPECT_EQ(doctor.exit_code, 0);
  EXPECT_THAT(doctor.output,
              AllOf(HasSubstr("libtorch_version     2.11.0"),
                    HasSubstr("isolation level"), HasSubstr("build_id"),
                    // The build folder is no installation.
                    HasSubstr("installed recipes    none: no folder ")));
}

TEST_F(Program, FullDiskIsNoSuccess) {
  const std::string command = absl::StrCat(
      ProgramPath(), " doctor > /dev/full 2> ", directory_->File("err"));
  EXPECT_NE(std::system(command.c_str()), 0);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const std::string errors,
                               ReadFile(directory_->File("err")));
  EXPECT_THAT(errors, HasSubstr("No space left on device"));
}

}  // namespace
}  // namespace limbeck
