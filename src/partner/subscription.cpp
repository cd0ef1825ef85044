#include "partner/subscription.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "partner/where.hpp"

namespace iometer::partner {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr base::Duration kConnectTime = seconds(10);  // name, TCP, TLS and upgrade together
constexpr base::Duration kCloseTime = seconds(2);
// What makes a link good, so that the next failure is the first again. A reading alone does not: a
// server that breaks after each would be asked without a pause.
constexpr base::Duration kStable = minutes(1);
constexpr base::Duration kStableWithReadings = seconds(30);
// What was refused once is refused no more.
constexpr base::Duration kHealed = std::chrono::hours(1);

constexpr base::Duration kBetweenAnswers = seconds(1);

Nonce make_nonce(const std::function<std::uint64_t()>& random) {
  Nonce nonce{};
  for (std::size_t i = 0; i < nonce.size(); i += 8) {
    const auto bits = random();
    for (std::size_t byte = 0; byte < 8; ++byte) {
      nonce[i + byte] = static_cast<std::uint8_t>(bits >> (8 * byte));
    }
  }
  return nonce;
}

}  // namespace

Subscription::Subscription(SubscriptionConfig config, SubscriptionHooks hooks, Stream& stream)
    : config_(std::move(config)),
      hooks_(std::move(hooks)),
      stream_(stream),
      where_(host_and_port(config_.websocket_url)),
      choice_(config_.transport, config_.first) {}

Subscription::~Subscription() {
  if (state_ != State::kIdle && state_ != State::kWaiting) stream_.drop();
}

void Subscription::want(bool wanted) {
  if (wanted == wanted_) return;
  wanted_ = wanted;
  if (wanted) {
    if (state_ == State::kIdle) attempt();
    return;
  }
  paused_ = false;
  switch (state_) {
    case State::kConnecting:
      stream_.drop();
      suspend();
      break;
    case State::kWaiting:
      suspend();
      break;
    case State::kOpen:
      perform(session_->unsubscribe());
      begin_closing(kNormalClosure, "");
      break;
    case State::kIdle:
    case State::kClosing:
      break;
  }
}

void Subscription::resume_reading() {
  if (!paused_) return;
  paused_ = false;
  if (state_ == State::kOpen) {
    stream_.set_reading(true);
    perform(session_->reading_resumed(hooks_.now()));
  } else if (state_ == State::kWaiting) {
    attempt();
  }
}

void Subscription::renew() {
  if (state_ != State::kOpen || link_.phase != LinkPhase::kLive) return;
  perform(session_->unsubscribe());
  begin_closing(kNormalClosure, "");
  set_link({LinkPhase::kConnecting, std::nullopt, std::nullopt, std::nullopt});
}

void Subscription::ask_for(std::optional<CodeForm> form) {
  code_form_ = std::move(form);
  if (session_ && session_form_ != code_form_) renew();
}

void Subscription::on_open(std::optional<base::WallTime> date) {
  note_date(date);
  state_ = State::kOpen;
  perform(session_->opened(hooks_.now()));
}

void Subscription::on_text(std::string_view piece, bool final) {
  if (state_ == State::kOpen) perform(session_->received(piece, final, hooks_.now()));
}

void Subscription::on_pong() {
  if (state_ == State::kOpen) perform(session_->ponged(hooks_.now()));
}

void Subscription::on_closed(const StreamClosed& closed) {
  if (state_ == State::kClosing) {
    after_closing();
  } else if (state_ == State::kConnecting || state_ == State::kOpen) {
    note_date(closed.date);
    Actions reports;
    const auto failure = session_->ended(closed, hooks_.now(), reports);
    state_ = State::kOpen;  // for the reports
    perform(reports);
    if (failure) {
      fail(*failure);
    } else {
      open_stream();
    }
  }
}

void Subscription::on_timer() {
  switch (state_) {
    case State::kConnecting: {
      stream_.drop();
      const auto what = fmt::format("could not connect to {}: no answer within {} s", where_,
                                    seconds(10).count());
      fail({base::transient_error(what)});
      break;
    }
    case State::kOpen:
      perform(session_->timer(hooks_.now()));
      break;
    case State::kClosing:
      stream_.drop();
      after_closing();
      break;
    case State::kWaiting:
      attempt();
      break;
    case State::kIdle:
      break;
  }
}

// Connects unless the back-off or a full receiver says later.
void Subscription::attempt() {
  const auto now = hooks_.now().steady;
  if (not_before_ && *not_before_ > now) {
    state_ = State::kWaiting;
    arm(*not_before_);
    set_link({LinkPhase::kWaiting, last_error_, *not_before_ - now, std::nullopt});
    return;
  }
  // A connection that may not be read would only time out at the other end.
  if (paused_) {
    state_ = State::kWaiting;
    return;
  }
  connect();
}

void Subscription::connect() {
  const bool is_event_stream = choice_.current() == Transport::kEventStream;
  SessionSettings settings;
  settings.url = is_event_stream ? config_.url : config_.websocket_url;
  settings.authorization = [this] { return authorization(); };
  settings.place = config_.credentials.place;
  settings.resume_from = hooks_.resume_from;
  settings.idle_timeout = config_.idle_timeout;
  settings.where = where_ = host_and_port(settings.url);
  settings.code_form = session_form_ = code_form_;
  session_ = make_session(choice_.current(), std::move(settings));
  set_link({LinkPhase::kConnecting, std::nullopt, std::nullopt, std::nullopt});
  open_stream();
}

void Subscription::open_stream() {
  state_ = State::kConnecting;
  skew_ = {};
  arm(hooks_.now().steady + kConnectTime);
  stream_.open(session_->request(), *this);
}

void Subscription::perform(const Actions& actions) {
  for (const auto& action : actions) {
    if (state_ != State::kOpen) return;
    perform(action);
  }
}

void Subscription::perform(const Action& action) {
  std::visit(
      [this](const auto& a) {
        using T = std::decay_t<decltype(a)>;
        if constexpr (std::is_same_v<T, SendText>) stream_.send_text(a.text);
        if constexpr (std::is_same_v<T, SendPing>) stream_.send_ping();
        if constexpr (std::is_same_v<T, Reopen>) {
          stream_.drop();
          open_stream();
        }
        if constexpr (std::is_same_v<T, Report>) hooks_.dropped(without_credentials(a.error));
        if constexpr (std::is_same_v<T, Answered>) on_answered();
        if constexpr (std::is_same_v<T, ArmTimer>) arm(a.when);
        if constexpr (std::is_same_v<T, Deliver>) deliver(a.delivery);
        if constexpr (std::is_same_v<T, Subscribed>) {
          live_since_ = hooks_.now().steady;
          had_reading_ = false;
          choice_.worked();
          set_link({LinkPhase::kLive, std::nullopt, std::nullopt, a.start_time,
                    transport_name(choice_.current())});
          if (session_form_ != code_form_) renew();
        }
        if constexpr (std::is_same_v<T, EndLink>) {
          if (a.close_code) {
            note_failure(a.failure);
            begin_closing(*a.close_code, a.close_reason);
          } else {
            stream_.drop();
            fail(a.failure);
          }
        }
      },
      action);
}

// A server may send signs of life faster than anybody takes them: the owner wants one now and then.
void Subscription::on_answered() {
  const auto now = hooks_.now().steady;
  if (answered_at_ && now - *answered_at_ < kBetweenAnswers) return;
  answered_at_ = now;
  hooks_.answered();
}

void Subscription::deliver(const Delivery& delivery) {
  had_reading_ = true;
  if (hooks_.deliver(delivery) || paused_) return;
  paused_ = true;
  stream_.set_reading(false);
  perform(session_->reading_paused());
}

void Subscription::fail(const Failure& failure) {
  note_failure(failure);
  attempt();
}

// Sets when the next attempt may come; whether there is one is decided when the link is gone.
void Subscription::note_failure(const Failure& failure) {
  end_of_live();
  auto counted = failure;
  const bool another = choice_.failed(failure);
  // What one transport lacks says nothing of the next, which has its own pace.
  if (another && choice_.is_fresh() && is_of_transport(failure)) counted.retry_no_sooner = {};
  add_remedies(counted, another);
  last_error_ = without_credentials(counted.error);
  not_before_ = hooks_.now().steady + backoff_.next(counted, hooks_.random());
}

void Subscription::end_of_live() {
  if (live_since_) {
    const auto stood = hooks_.now().steady - *live_since_;
    if (stood >= (had_reading_ ? kStableWithReadings : kStable)) backoff_.reset_transient();
    if (stood >= kHealed) backoff_.reset();
  }
  live_since_.reset();
}

void Subscription::note_date(std::optional<base::WallTime> date) {
  if (date) skew_ = *date - hooks_.now().wall;
}

void Subscription::add_remedies(Failure& failure, bool another) const {
  if (failure.error.kind == base::ErrorKind::kAuth &&
      config_.credentials.method == AuthMethod::kWsse) {
    name_clock_skew(failure, skew_);
  }
  if (another) {
    failure.error.what += fmt::format("; next: {}", transport_name(choice_.current()));
  } else if (choice_.is_fixed() && is_of_transport(failure)) {
    failure.error.what += "; partner.transport: auto tries the other transports, too";
  }
}

void Subscription::begin_closing(std::uint16_t code, std::string reason) {
  state_ = State::kClosing;
  stream_.set_reading(true);  // the other side's close frame stands behind what we did not read
  stream_.close(code, std::move(reason));
  arm(hooks_.now().steady + kCloseTime);
}

void Subscription::after_closing() {
  end_of_live();
  if (wanted_) {
    attempt();
  } else {
    suspend();
  }
}

void Subscription::suspend() {
  state_ = State::kIdle;
  set_link({LinkPhase::kSuspended, std::nullopt, std::nullopt, std::nullopt});
}

void Subscription::arm(base::SteadyTime when) {
  stream_.arm_timer(when, [this] { on_timer(); });
}

void Subscription::set_link(const LinkState& state) {
  if (state == link_) return;
  link_ = state;
  hooks_.link_changed(link_);
}

std::string Subscription::authorization() {
  auto value =
      authorization_value(config_.credentials, make_nonce(hooks_.random), hooks_.now().wall);
  authorizations_[0] = std::exchange(authorizations_[1], base::Secret(value));
  return value;
}

base::Error Subscription::without_credentials(base::Error error) const {
  for (const auto& authorization : authorizations_) {
    error.what = partner::without_credentials(std::move(error.what), config_.credentials.secret,
                                              authorization);
  }
  return error;
}

}  // namespace iometer::partner
