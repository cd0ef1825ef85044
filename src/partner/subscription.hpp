// Holds the meterReadings subscription: connects, watches, retries and resumes. The supervisor that
// owns the protocol session, the choice of the transport, the back-off and the back-pressure.
// Without I/O: it works on a Stream, and all its calls and hooks happen on the thread that runs the
// stream's loop. It neither logs nor reads a clock.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/time.hpp"
#include "partner/auth.hpp"
#include "partner/backoff.hpp"
#include "partner/code_form.hpp"
#include "partner/link_state.hpp"
#include "partner/session.hpp"
#include "partner/stream.hpp"
#include "partner/transport.hpp"

namespace iometer::partner {

struct SubscriptionConfig {
  std::string url;            // http:// or https://, for event streams
  std::string websocket_url;  // ws:// or wss://
  Credentials credentials;
  std::optional<Transport> transport;  // none: whichever the server has
  base::Duration idle_timeout =
      std::chrono::seconds(60);  // the longest silence on the link; ours is kept below half
  Transport first = Transport::kTransportWs;  // where none is fixed: the one to begin with
};

struct SubscriptionHooks {
  // Always takes the delivery. False asks to stop reading until resume_reading(); what the socket's
  // buffer already holds (a few readings) still comes.
  std::function<bool(Delivery)> deliver;
  std::function<void(const LinkState&)> link_changed;
  // Asked right before each subscribe; none = live readings only. Cut to whole seconds.
  std::function<std::optional<base::WallTime>()> resume_from;
  // A message that could not be used, or an error that the server reported for one reading: count
  // it and go on.
  std::function<void(base::Error)> dropped;
  // The live link answered: all that the server had sent until then has been delivered.
  std::function<void()> answered;
  std::function<base::Now()> now;
  std::function<std::uint64_t()> random;  // fit for nonces
};

class Subscription final : private StreamListener {
 public:
  Subscription(SubscriptionConfig config, SubscriptionHooks hooks, Stream& stream);
  // Drops the stream without a word: call want(false) and wait for kSuspended to end politely.
  ~Subscription() override;
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  // Subscribe, or unsubscribe and close. link_changed(kSuspended) comes when the socket is closed
  // (at most 2 s later); no reading is delivered from this call on. A running back-off survives
  // both.
  void want(bool wanted);

  // There is room again after deliver() returned false.
  void resume_reading();

  // Ends a live subscription politely and begins it again at once, from a fresh resume_from; for an
  // owner who misses readings that the link does not bring. link_changed says kConnecting now and
  // kLive when it is back. Not live: nothing, the next attempt asks anew in any case.
  void renew();

  // How to ask for OBIS codes. A subscription that stands with another form is renewed.
  void ask_for(std::optional<CodeForm> form);

 private:
  enum class State { kIdle, kConnecting, kOpen, kClosing, kWaiting };

  void on_open(std::optional<base::WallTime> date) override;
  void on_text(std::string_view piece, bool final) override;
  void on_pong() override;
  void on_closed(const StreamClosed& closed) override;
  void on_timer();

  void attempt();
  void connect();
  void open_stream();
  void perform(const Actions& actions);
  void perform(const Action& action);
  void on_answered();
  void deliver(const Delivery& delivery);
  void fail(const Failure& failure);
  void note_failure(const Failure& failure);
  void end_of_live();
  void note_date(std::optional<base::WallTime> date);
  void add_remedies(Failure& failure, bool another) const;
  void begin_closing(std::uint16_t code, std::string reason);
  void after_closing();
  void suspend();
  void arm(base::SteadyTime when);
  void set_link(const LinkState& state);
  std::string authorization();
  [[nodiscard]] base::Error without_credentials(base::Error error) const;

  SubscriptionConfig config_;
  SubscriptionHooks hooks_;
  Stream& stream_;
  std::string where_;  // host:port for messages
  Backoff backoff_;
  TransportChoice choice_;
  std::optional<CodeForm> code_form_;
  std::optional<CodeForm> session_form_;  // that the session was made with
  std::unique_ptr<Session> session_;
  std::array<base::Secret, 2> authorizations_;  // the newest: header and init have one each

  State state_ = State::kIdle;
  bool wanted_ = false;
  bool paused_ = false;     // deliver() said false
  base::Duration skew_{0};  // the server's clock − ours, as far as it told
  std::optional<base::SteadyTime> live_since_;
  std::optional<base::SteadyTime> answered_at_;
  bool had_reading_ = false;                    // since then
  std::optional<base::SteadyTime> not_before_;  // back-off: no attempt earlier
  std::optional<base::Error> last_error_;       // what the back-off is for
  LinkState link_;
};

}  // namespace iometer::partner
