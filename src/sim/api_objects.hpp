// The schema's objects over the simulated data: the roots of queries, mutations and subscriptions.
// They point into the directory and the household and live only while one response is written.
#pragma once

#include <cstdint>
#include <string>

#include "sim/directory.hpp"
#include "sim/graphql_executor.hpp"
#include "sim/household.hpp"
#include "sim/linking.hpp"
#include "sim/simulator_options.hpp"

namespace iometer::sim {

// What queries and mutations work on.
struct ApiContext {
  Directory& directory;
  Linking& linking;
  const SimulatorOptions& options;
  const std::string& origin;  // of this server: http(s)://host:port
  std::int64_t now_ms;
};

// The root of queries and mutations.
class ApiRoot : public GraphqlObject {
 public:
  explicit ApiRoot(const ApiContext& context) : context_(context) {}
  [[nodiscard]] FieldResult resolve(const PlannedField& field) const override;

 private:
  [[nodiscard]] FieldResult installations(const PlannedField& field) const;
  [[nodiscard]] FieldResult connect_url(const PlannedField& field) const;
  [[nodiscard]] FieldResult disable(const PlannedField& field) const;

  ApiContext context_;
};

// The root of one event of the subscription.
class ReadingEvent : public GraphqlObject {
 public:
  ReadingEvent(const Directory& directory, const HouseholdReading& reading, ObisFormat format)
      : directory_(directory), reading_(reading), format_(format) {}
  [[nodiscard]] FieldResult resolve(const PlannedField& field) const override;

 private:
  const Directory& directory_;
  const HouseholdReading& reading_;
  ObisFormat format_;
};

}  // namespace iometer::sim
