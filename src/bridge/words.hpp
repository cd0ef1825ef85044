// The words that the bridge publishes: events, reasons, problems. One table each, from which code,
// schemas and tests read them.
#pragma once

#include <array>
#include <string_view>

namespace iometer::bridge {

// A word and what it means to people.
struct Word {
  std::string_view word;
  std::string_view meaning;

  // NOLINTNEXTLINE(google-explicit-constructor): the word is what is meant wherever text is
  constexpr operator std::string_view() const { return word; }
};

namespace events {
inline constexpr Word kUpstreamUp{"upstream_up", "subscribed to the API"};
inline constexpr Word kUpstreamDown{"upstream_down", "the subscription ended"};
inline constexpr Word kAuthFailed{"auth_failed", "the API refused the credentials"};
inline constexpr Word kMeterOnline{"meter_online", "a meter has fresh values again"};
inline constexpr Word kMeterOffline{"meter_offline", "a meter's values are no longer fresh"};
inline constexpr Word kUnknownObis{"unknown_obis", "codes that the catalogue does not have"};
inline constexpr Word kAmbiguousCode{"ambiguous_code", "one code with two values in a reading"};
inline constexpr Word kFutureReading{"future_reading", "a reading is dated too far ahead"};
inline constexpr Word kUnitChanged{"unit_changed", "a code came in a unit that does not fit"};
inline constexpr Word kMessageDropped{"message_dropped", "something of the API was unusable"};
inline constexpr Word kPublishRefused{"publish_refused", "the broker refused a message"};
inline constexpr Word kGap{"gap", "readings that the API can no longer give"};
inline constexpr Word kSubscriptionRenewed{"subscription_renewed", "it delivered nothing for long"};
inline constexpr Word kMeterUnlinked{"meter_unlinked", "the API no longer has its installation"};
inline constexpr Word kMeterReplaced{"meter_replaced", "its installation has another meter now"};
inline constexpr Word kMeterRemoved{"meter_removed", "its topics and entities are taken away"};
inline constexpr Word kSecondBridge{"second_bridge", "another bridge came to this base topic"};
inline constexpr Word kClockWrong{"clock_wrong", "the clocks here and at the API differ"};
inline constexpr Word kStateUnsaved{"state_unsaved", "the state file cannot be written"};
inline constexpr Word kAnnouncedElsewhere{"announced_elsewhere",
                                          "a bridge with another base topic announces this one"};
inline constexpr Word kEventsSuppressed{"events_suppressed", "too many events in this minute"};

inline constexpr std::array kAll{
    kUpstreamUp,      kUpstreamDown,  kAuthFailed,          kMeterOnline,   kMeterOffline,
    kUnknownObis,     kAmbiguousCode, kFutureReading,       kUnitChanged,   kMessageDropped,
    kPublishRefused,  kGap,           kSubscriptionRenewed, kMeterUnlinked, kMeterReplaced,
    kMeterRemoved,    kSecondBridge,  kClockWrong,          kStateUnsaved,  kAnnouncedElsewhere,
    kEventsSuppressed};
}  // namespace events

// Why a meter is as its availability says.
namespace reasons {
inline constexpr Word kOk{"ok", "all values are fresh"};
inline constexpr Word kStarting{"starting", "the program has just started"};
inline constexpr Word kReplaced{"replaced", "its installation has another meter now"};
inline constexpr Word kUnlinked{"unlinked", "the API no longer has its installation"};
inline constexpr Word kNoReadings{"no_readings", "the meter sends nothing, and nothing says why"};
inline constexpr Word kUpstreamDown{"upstream_down", "there is no subscription to the API"};
inline constexpr Word kBridgeDisconnected{"bridge_disconnected", "the Wi-Fi bridge is offline"};
inline constexpr Word kCoreDisconnected{"core_disconnected", "the core has lost its bridge"};
inline constexpr Word kCoreDetached{"core_detached", "the core is not on the meter"};
inline constexpr Word kPinMissing{"pin_missing", "the meter's PIN has not been entered"};

inline constexpr std::array kAll{
    kOk,           kStarting,   kNoReadings, kUpstreamDown, kBridgeDisconnected, kCoreDisconnected,
    kCoreDetached, kPinMissing, kReplaced,   kUnlinked};
}  // namespace reasons

// bridge/health: `problem`, `api.state` and `broker.state`.
namespace problems {
inline constexpr Word kOk{"ok", "nothing is wrong"};
inline constexpr Word kAuthFailed{"auth_failed", "the API refuses the credentials"};
inline constexpr Word kUpstreamDown{"upstream_down", "there is no subscription to the API"};

inline constexpr Word kClockWrong{"clock_wrong", "the clocks here and at the API differ"};
inline constexpr Word kStateUnsaved{"state_unsaved", "the state file cannot be written"};

inline constexpr std::array kAll{kOk, kAuthFailed, kUpstreamDown, kClockWrong, kStateUnsaved};
}  // namespace problems

namespace api_states {
inline constexpr Word kLive{"live", "subscribed"};
inline constexpr Word kConnecting{"connecting", "first attempt, or a new one"};
inline constexpr Word kWaiting{"waiting", "failed, waits for the next attempt"};
inline constexpr Word kSuspended{"suspended", "not wanted while the broker is away"};

inline constexpr std::array kAll{kLive, kConnecting, kWaiting, kSuspended};
}  // namespace api_states

}  // namespace iometer::bridge
