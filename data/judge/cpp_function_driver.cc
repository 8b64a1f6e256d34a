#include "data/judge/cpp_function_driver.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "data/judge/cpp_definition.h"

namespace limbeck {
namespace {

// Reading: one JSON value of a known type. What does not fit ends the program
// with a message and exit code 1.
constexpr absl::string_view kReader = R"cc(
#include <unistd.h>
  namespace limbeck_driver {

  struct Reader {
    std::string line;
    size_t at = 0;

    [[noreturn]] void Fail(const char* expected) {
      std::fprintf(stderr, "argument %s: expected %s at byte %zu\n",
                   line.c_str(), expected, at);
      std::exit(1);
    }
    void Skip() {
      while (at < line.size() && std::strchr(" \t\r", line[at])) ++at;
    }
    bool Take(const char* word) {
      Skip();
      if (line.compare(at, std::strlen(word), word) != 0) return false;
      at += std::strlen(word);
      return true;
    }
    void Need(const char* word) {
      if (!Take(word)) Fail(word);
    }
  };

  inline void Read(Reader& in, bool& value) {
    value = in.Take("true");
    if (!value) in.Need("false");
  }

  template <typename T>
  std::enable_if_t<std::is_integral<T>::value> Read(Reader& in, T& value) {
    in.Skip();
    const char* begin = in.line.c_str() + in.at;
    const auto read =
        std::from_chars(begin, in.line.c_str() + in.line.size(), value);
    if (read.ec != std::errc()) in.Fail("an integer of its type");
    in.at += static_cast<size_t>(read.ptr - begin);
    if (in.at < in.line.size() && std::strchr(".eE", in.line[in.at])) {
      in.Fail("an integer");
    }
  }

  template <typename T>
  std::enable_if_t<std::is_floating_point<T>::value> Read(Reader& in,
                                                          T& value) {
    in.Skip();
    char* end = nullptr;
    value = static_cast<T>(std::strtold(in.line.c_str() + in.at, &end));
    if (end == in.line.c_str() + in.at) in.Fail("a number");
    in.at = static_cast<size_t>(end - in.line.c_str());
  }

  inline unsigned ReadHex(Reader& in) {
    const unsigned code = static_cast<unsigned>(
        std::strtoul(in.line.substr(in.at, 4).c_str(), nullptr, 16));
    in.at += 4;
    return code;
  }

  inline void ReadCodePoint(Reader& in, std::string& value) {
    unsigned code = ReadHex(in);
    if (code >= 0xD800 && code < 0xDC00 && in.Take("\\u")) {
      code = 0x10000 + ((code - 0xD800) << 10) + (ReadHex(in) - 0xDC00);
    }
    const auto byte = [&](unsigned bits) { value += static_cast<char>(bits); };
    if (code < 0x80) return byte(code);
    if (code < 0x800) {
      byte(0xC0 | code >> 6);
    } else {
      if (code < 0x10000) {
        byte(0xE0 | code >> 12);
      } else {
        byte(0xF0 | code >> 18);
        byte(0x80 | (code >> 12 & 0x3F));
      }
      byte(0x80 | (code >> 6 & 0x3F));
    }
    byte(0x80 | (code & 0x3F));
  }

  inline void Read(Reader& in, std::string& value) {
    value.clear();
    in.Need("\"");
    while (in.at < in.line.size() && in.line[in.at] != '"') {
      char c = in.line[in.at++];
      if (c != '\\') {
        value += c;
        continue;
      }
      c = in.line[in.at++];
      const char* names = "bfnrt";
      const char* found = std::strchr(names, c);
      if (c == 'u') {
        ReadCodePoint(in, value);
      } else {
        value += found ? "\b\f\n\r\t"[found - names] : c;
      }
    }
    in.Need("\"");
  }

  inline void Read(Reader& in, char& value) {
    std::string text;
    Read(in, text);
    if (text.size() != 1) in.Fail("one character");
    value = text[0];
  }

  template <typename A, typename B>
  void Read(Reader& in, std::pair<A, B>& value);

  template <typename T>
  void Read(Reader& in, std::vector<T>& value) {
    value.clear();
    in.Need("[");
    if (in.Take("]")) return;
    do {
      T item{};
      Read(in, item);
      value.push_back(std::move(item));
    } while (in.Take(","));
    in.Need("]");
  }

  template <typename A, typename B>
  void Read(Reader& in, std::pair<A, B>& value) {
    in.Need("[");
    Read(in, value.first);
    in.Need(",");
    Read(in, value.second);
    in.Need("]");
  }
)cc";

constexpr absl::string_view kWriter = R"cc(
  inline void Write(std::string& out, bool value) {
    out += value ? "true" : "false";
  }

  template <typename T>
  std::enable_if_t<std::is_integral<T>::value> Write(std::string& out,
                                                     T value) {
    out += std::to_string(value);
  }

  template <typename T>
  std::enable_if_t<std::is_floating_point<T>::value> Write(std::string& out,
                                                           T value) {
    char text[64];
    std::snprintf(text, sizeof(text), "%.17g", static_cast<double>(value));
    if (std::isnan(value)) std::strcpy(text, "NaN");
    if (std::isinf(value))
      std::strcpy(text, value > 0 ? "Infinity" : "-Infinity");
    out += text;
  }

  inline void Write(std::string& out, const std::string& value) {
    out += '"';
    for (const char c : value) {
      char escaped[8];
      std::snprintf(escaped, sizeof(escaped), "\\u%04x", c & 0xFF);
      if (c == '"' || c == '\\' || (c >= 0 && c < 0x20)) {
        out += escaped;
      } else {
        out += c;
      }
    }
    out += '"';
  }

  inline void Write(std::string& out, const char* value) {
    Write(out, std::string(value));
  }

  inline void Write(std::string& out, char value) {
    Write(out, std::string(1, value));
  }

  template <typename A, typename B>
  void Write(std::string& out, const std::pair<A, B>& value);

  template <typename T>
  void Write(std::string& out, const std::vector<T>& value) {
    out += '[';
    for (size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ',';
      Write(out, static_cast<const T&>(value[i]));
    }
    out += ']';
  }

  template <typename A, typename B>
  void Write(std::string& out, const std::pair<A, B>& value) {
    out += '[';
    Write(out, value.first);
    out += ',';
    Write(out, value.second);
    out += ']';
  }
)cc";

// Calling, whatever the types.
constexpr absl::string_view kCaller = R"cc(
  template <typename T>
  T ReadLine() {
    Reader in;
    if (!std::getline(std::cin, in.line)) in.Fail("one argument more");
    T value{};
    Read(in, value);
    in.Skip();
    if (in.at != in.line.size()) in.Fail("the end");
    return value;
  }

  template <typename Function, typename Result, typename... Arguments>
  std::string Call(Function&& function, Result (*)(Arguments...)) {
    // Braces: the lines are read in order.
    std::tuple<std::decay_t<Arguments>...> arguments{
        ReadLine<std::decay_t<Arguments>>()...};
    std::string out;
    if constexpr (std::is_void<Result>::value) {
      std::apply(function, arguments);
      out = "null";
    } else {
      Write(out, std::apply(function, arguments));
    }
    return out;
  }

  template <typename Result, typename... Arguments>
  std::string CallFunction(Result (*function)(Arguments...)) {
    return Call(function, function);
  }

  template <typename Class, typename Method, typename Result,
            typename... Arguments>
  std::string CallOn(Method method, Result (*shape)(Arguments...)) {
    Class object;
    return Call(
        [&](Arguments... arguments) -> Result {
          return (object.*method)(std::forward<Arguments>(arguments)...);
        },
        shape);
  }

  template <typename Class, typename Result, typename... Arguments>
  std::string CallMethod(Result (Class::*method)(Arguments...)) {
    return CallOn<Class>(method, static_cast<Result (*)(Arguments...)>(nullptr));
  }

  template <typename Class, typename Result, typename... Arguments>
  std::string CallMethod(Result (Class::*method)(Arguments...) const) {
    return CallOn<Class>(method, static_cast<Result (*)(Arguments...)>(nullptr));
  }

  template <typename Result, typename... Arguments>
  std::string CallMethod(Result (*function)(Arguments...)) {
    return CallFunction(function);
  }

  inline void Report(const std::string& text) {
    size_t done = 0;
    while (done < text.size()) {
      const ssize_t count = write(3, text.data() + done, text.size() - done);
      if (count <= 0) std::_Exit(1);
      done += static_cast<size_t>(count);
    }
  }

  }  // namespace limbeck_driver

  int main() {
    std::string token;
    std::getline(std::cin, token);
    const std::string result = limbeck_driver::CALL;
    limbeck_driver::Report(token + "{\"result\": " + result + "}");
    std::_Exit(0);
  }
)cc";

}  // namespace

std::string CppFunctionSource(absl::string_view code,
                              absl::string_view function) {
  const std::string plain = WithoutCppComments(code);
  const bool has_class = absl::StrContains(plain, "class Solution") ||
                         absl::StrContains(plain, "struct Solution");
  if (!has_class && !DefinesCppFunction(code, function)) {
    return absl::StrCat("#error the program defines no function ", function,
                        "\n");
  }
  // The program's own before those of namespace std.
  const std::string call =
      has_class ? absl::StrCat("CallMethod(&Solution::", function, ")")
                : absl::StrCat("CallFunction(&::", function, ")");
  return absl::StrCat(
      "#include <bits/stdc++.h>\nusing namespace std;\n",
      "#line 1 \"solution.cc\"\n", code, "\n#line 1 \"driver.cc\"\n", kReader,
      kWriter,
      absl::StrReplaceAll(kCaller, {{"limbeck_driver::CALL",
                                     absl::StrCat("limbeck_driver::", call)}}));
}

std::string CppFunctionCall(absl::string_view token, absl::string_view input) {
  return absl::StrCat(token, "\n", input, "\n");
}

}  // namespace limbeck
