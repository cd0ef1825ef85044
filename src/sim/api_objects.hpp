// The schema's objects over the simulated data: the roots of queries, mutations and subscriptions.
// They point into the directory and the household and live only while one response is written.
#pragma once

#include <string>

#include "sim/directory.hpp"
#include "sim/graphql_executor.hpp"
#include "sim/household.hpp"

namespace iometer::sim {

// The root of queries and mutations.
class ApiRoot : public GraphqlObject {
 public:
  ApiRoot(Directory& directory, const std::string& partner_id)
      : directory_(directory), partner_id_(partner_id) {}
  [[nodiscard]] FieldResult resolve(const PlannedField& field) const override;

 private:
  [[nodiscard]] FieldResult installations(const PlannedField& field) const;
  [[nodiscard]] FieldResult connect_url(const PlannedField& field) const;

  Directory& directory_;
  const std::string& partner_id_;
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
