/* Which addresses are public: the edges of every block that is not. */
#include "mt.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "httpc/internal.h"

static bool is_public(const char *text)
{
  struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
  struct sockaddr_in in = {.sin_family = AF_INET};
  if (strchr(text, ':') != NULL) {
    mt_eq_int(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    return ms_httpc_is_public((struct sockaddr *)&in6);
  }
  mt_eq_int(inet_pton(AF_INET, text, &in.sin_addr), 1);
  return ms_httpc_is_public((struct sockaddr *)&in);
}

static void check(const char *const *rows, size_t count, bool expected)
{
  for (size_t i = 0; i < count; i++) {
    if (is_public(rows[i]) != expected) {
      mt_report("%s", rows[i]);
    }
  }
}

MT_TEST(httpc_guard__not_public)
{
  static const char *const rows[] = {"0.0.0.0",
                                     "0.255.255.255",
                                     "10.0.0.0",
                                     "10.255.255.255",
                                     "100.64.0.0",
                                     "100.127.255.255",
                                     "127.0.0.1",
                                     "127.255.255.255",
                                     "169.254.169.254",
                                     "172.16.0.0",
                                     "172.31.255.255",
                                     "192.0.2.1",
                                     "192.168.0.0",
                                     "192.168.255.255",
                                     "198.18.0.0",
                                     "198.19.255.255",
                                     "198.51.100.1",
                                     "203.0.113.1",
                                     "224.0.0.1",
                                     "239.255.255.255",
                                     "240.0.0.1",
                                     "255.255.255.255",
                                     "::",
                                     "::1",
                                     "::ffff:10.0.0.1",
                                     "::ffff:127.0.0.1",
                                     "::10.0.0.1",
                                     "64:ff9b::7f00:1",
                                     "fc00::1",
                                     "fdff::1",
                                     "fe80::1",
                                     "ff02::1",
                                     "2001:db8::1",
                                     "2001::1",
                                     "2002:7f00:1::",
                                     "2002:a9fe:a9fe::"};
  check(rows, sizeof rows / sizeof rows[0], false);
}

MT_TEST(httpc_guard__public)
{
  static const char *const rows[] = {
      "1.1.1.1",        "9.255.255.255",    "11.0.0.0",        "100.63.255.255",
      "100.128.0.0",    "126.255.255.255",  "128.0.0.0",       "169.253.255.255",
      "169.255.0.0",    "172.15.255.255",   "172.32.0.0",      "192.167.255.255",
      "192.169.0.0",    "223.255.255.255",  "2606:4700::1111", "2001:4860::8888",
      "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::"};
  check(rows, sizeof rows / sizeof rows[0], true);
}

MT_TEST(httpc_guard__other_families)
{
  const struct sockaddr other = {.sa_family = AF_UNIX};
  mt_ok(!ms_httpc_is_public(&other));
}
