#define _GNU_SOURCE
#include "serve.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "identity/identity.h"
#include "channel/port.h"
#include "run/run.h"

/* The host's half of this text is agent-channel.ts. */
static const char GREETING[] = "vmgrid-agent 1 identity run prepare";
enum { NONCE_MOST = 64 };

static int host;
static uint32_t asked;
static struct frame_reader reader;
static struct identity identity;
static struct run run;

static void tell_warning(const char *text) {
  port_tell_text(host, asked, TELL_WARNING, text);
}

/* Says who is here, with the word of the host by which it knows the answer. */
static void greet(uint32_t id, const unsigned char *nonce, uint32_t length) {
  char text[NONCE_MOST + sizeof GREETING + 1];
  int shown = length > NONCE_MOST ? NONCE_MOST : (int)length;
  int count = snprintf(text, sizeof text, "%s %.*s", GREETING, shown, (const char *)nonce);
  if (count > 0) port_tell_text(host, id, TELL_HELLO, text);
}

/* The host opens the network at the first answer, and says that the machine is ready at the second. */
static void give_identity(const struct frame *frame) {
  const char *why = identity_read(frame->content, frame->length, &identity);
  if (why != NULL) {
    port_tell_text(host, asked, TELL_REFUSED, why);
    return;
  }
  identity_give(&identity, tell_warning);
  port_tell_text(host, asked, TELL_IDENTITY, "");
  identity_settle(&identity, tell_warning);
  port_tell_text(host, asked, TELL_SETTLED, "");
  explicit_bzero(&identity, sizeof identity);
  identity_release();
}

/* What fails here, a clone does anew. */
static void rehearse(void) {
  identity_rehearse(tell_warning);
  port_tell_text(host, asked, TELL_SETTLED, "");
}

static void answer(const struct frame *frame) {
  const char *why;
  asked = frame->id;
  switch (frame->type) {
    case ASK_HELLO:
      greet(frame->id, frame->content, frame->length);
      break;
    case ASK_IDENTITY:
      give_identity(frame);
      break;
    case ASK_PREPARE:
      rehearse();
      break;
    case ASK_RUN:
      why = run_start(&run, frame);
      if (why != NULL) port_tell_text(host, asked, TELL_REFUSED, why);
      break;
    case ASK_END:
      run_abandon(&run);
      break;
    default:
      port_tell_text(host, asked, TELL_REFUSED, "this agent does not know what it is asked for");
  }
}

/* Waits for the host while a command runs. Returns whether the host has said something. */
static bool attend_run(void) {
  struct pollfd sources[3] = {
    {.fd = host, .events = POLLIN},
    {.fd = run.output, .events = POLLIN},
    {.fd = run.ended, .events = POLLIN},
  };
  if (poll(sources, 3, -1) < 0) return false;
  if (sources[0].revents != 0) return true; /* no host is connected, who would have to read */
  bool printed = sources[1].revents != 0 && run_tell_output(&run, host);
  if (sources[2].revents != 0 && !printed) run_tell_end(&run, host);
  return false;
}

/* Reads the port. Returns whether it is still open. */
static bool listen_to_host(void) {
  enum port_end end = port_read(host, &reader);
  if (end == PORT_AWAY) port_wait();
  struct frame frame;
  while (frame_next(&reader, &frame)) answer(&frame);
  return end != PORT_CLOSED;
}

void serve(int port) {
  host = port;
  greet(0, (const unsigned char *)"", 0);
  for (bool open = true; open;) {
    if (!run_goes_on(&run) || attend_run()) open = listen_to_host();
  }
  run_abandon(&run);
}
