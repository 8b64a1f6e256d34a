// Numbers as readers want them: the same rounding in text, tables and charts.
#ifndef LIMBECK_RECIPES_REPORT_NUMBERS_H_
#define LIMBECK_RECIPES_REPORT_NUMBERS_H_

#include <cstdint>
#include <string>

namespace limbeck::report {

// "1,234,567"
std::string Count(uint64_t number);
// 0.1234 as "12.3 %" (with a no-break space)
std::string Percent(double share);
// 0.95 as "95 %"
std::string ConfidenceText(double confidence);
// Of shares: "12.3 – 15.0 %"
std::string PercentRange(double low, double high);
// A difference of shares in percentage points with its sign: "+12.3", "−0.4".
std::string Points(double difference);
// "0.05 s", "2.5 s", "12 s", "3 min 20 s", "2 h 5 min"
std::string Duration(double seconds);
// Three significant digits, "1.23e-05" for the very small; "–" for NaN.
std::string Figure(double number);
// With a suffix from 10,000 on: "950", "1500", "15k", "3M".
std::string Short(double number);
// "12 MB", "1.5 GB"
std::string Bytes(double bytes);

}  // namespace limbeck::report

#endif  // LIMBECK_RECIPES_REPORT_NUMBERS_H_
