// The rows of a ledger add up to the whole run.
#include "recipes/console/cost_ledger.h"

#include <chrono>
#include <string>
#include <thread>

#include "data/base/file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace limbeck {
namespace {

void Burn(double seconds) {
  const double end = CpuSeconds() + seconds;
  volatile double sink = 0;
  while (CpuSeconds() < end) {
    for (int i = 0; i < 10000; ++i) sink = sink + i;
  }
}

TEST(CostLedger, RowsAddUpToTheWallTime) {
  CostLedger ledger;
  for (int i = 0; i < 5; ++i) {
    ledger.Enter("sleeping");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ledger.Enter("working");
    Burn(0.02);
    ledger.Enter(kOverheadRow);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  double sum = 0;
  for (const CostLedger::Row& row : ledger.Rows()) {
    sum += row.cost.wall_seconds;
  }
  EXPECT_NEAR(sum, ledger.WallSeconds(), 0.02 * sum);
}

TEST(CostLedger, CpuTimeGoesToTheRowThatUsedIt) {
  CostLedger ledger;
  ledger.Enter("sleeping");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  ledger.Enter("working");
  Burn(0.1);
  ledger.AddTrainedTokens(7);
  ledger.AddGeneratedTokens(5);
  ledger.AddPromptTokens(3);
  const auto rows = ledger.Rows();
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[1].name, "sleeping");
  EXPECT_GE(rows[1].cost.wall_seconds, 0.05);
  EXPECT_LT(rows[1].cost.cpu_seconds, 0.05);
  EXPECT_GE(rows[2].cost.cpu_seconds, 0.1);
  EXPECT_EQ(rows[2].cost.trained_tokens, 7u);
  EXPECT_EQ(rows[2].cost.generated_tokens, 5u);
  EXPECT_EQ(rows[2].cost.prompt_tokens, 3u);
  EXPECT_GT(rows[2].cost.peak_memory_bytes, 1000000u);
}

TEST(Prices, MoneyIsTheSumOfItsParts) {
  ReportOptions options;
  options.set_price_per_cpu_hour(0.05);
  options.set_price_per_gpu_hour(2);
  options.set_price_per_kilowatt_hour(0.3);
  options.set_currency("CHF");
  Cost cost;
  cost.cpu_seconds = 7200;
  cost.gpu_seconds = 1800;
  cost.joules = 7.2e6;
  const Prices prices = PricesOf(options);
  EXPECT_DOUBLE_EQ(prices.Of(cost), 0.1 + 1.0 + 0.6);
  EXPECT_EQ(prices.currency, "CHF");
  EXPECT_EQ(PricesOf(ReportOptions()).Of(cost), 0);
}

TEST(Cost, SurvivesJson) {
  Cost cost;
  cost.wall_seconds = 1.5;
  cost.cpu_seconds = 2.5;
  cost.peak_memory_bytes = 1u << 30;
  cost.trained_tokens = 123;
  cost.joules = 4;
  const Cost back = CostFromJson(CostToJson(cost, Prices()));
  EXPECT_EQ(WriteJson(CostToJson(back, Prices())),
            WriteJson(CostToJson(cost, Prices())));
  cost.joules.reset();
  EXPECT_FALSE(CostFromJson(CostToJson(cost, Prices())).joules.has_value());
}

TEST(EnergyMeter, CountsPackagesAcrossAWrap) {
  TemporaryDirectory directory;
  const auto write = [&](const std::string& name, const std::string& text) {
    const std::string path = directory.File(name);
    EXPECT_THAT(MakeDirectories(DirName(path)), IsOk());
    EXPECT_THAT(WriteFileAtomically(path, text), IsOk());
  };
  write("intel-rapl:0/energy_uj", "900000000\n");
  write("intel-rapl:0/max_energy_range_uj", "1000000000\n");
  write("intel-rapl:0:0/energy_uj", "5\n");  // a part of package 0
  write("intel-rapl:0:0/max_energy_range_uj", "1000000000\n");
  EnergyMeter meter(directory.path());
  EXPECT_EQ(meter.Joules(), 0);
  write("intel-rapl:0/energy_uj", "950000000\n");
  write("intel-rapl:0:0/energy_uj", "900000\n");
  EXPECT_DOUBLE_EQ(*meter.Joules(), 50);
  write("intel-rapl:0/energy_uj", "20000000\n");
  EXPECT_DOUBLE_EQ(*meter.Joules(), 120);
}

TEST(EnergyMeter, SilentMachineTellsNothing) {
  TemporaryDirectory directory;
  EXPECT_EQ(EnergyMeter(directory.path()).Joules(), std::nullopt);
  EXPECT_EQ(EnergyMeter("/no/such/folder").Joules(), std::nullopt);
}

TEST(ResourceUsage, MachineFacts) {
  EXPECT_GT(UsableMemoryBytes(), uint64_t{1} << 26);
  EXPECT_GT(AvailableMemoryBytes(), 0u);
  LIMBECK_ASSERT_OK_AND_ASSIGN(const uint64_t free,
                               FreeDiskBytes("/tmp/not/yet/there"));
  EXPECT_GT(free, 0u);
}

}  // namespace
}  // namespace limbeck
