/*
 * Which addresses are public: not this machine, not its neighbours, not what clouds keep their secrets at
 * (169.254.169.254), not an IPv4 address of that kind inside an IPv6 one. Judged where the connection is
 * opened, so no name that changes its address and no redirect gets around it.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>

#include "httpc/internal.h"

struct block4 {
  uint32_t address;
  unsigned bits;
};

static const struct block4 blocks4[] = {
    {0x00000000, 8},  /* this network */
    {0x0a000000, 8},  /* private */
    {0x64400000, 10}, /* between provider and customer */
    {0x7f000000, 8},  /* this machine */
    {0xa9fe0000, 16}, /* this link */
    {0xac100000, 12}, /* private */
    {0xc0000000, 24}, /* protocol assignments */
    {0xc0000200, 24}, /* documentation */
    {0xc0a80000, 16}, /* private */
    {0xc6120000, 15}, /* benchmarks */
    {0xc6336400, 24}, /* documentation */
    {0xcb007100, 24}, /* documentation */
    {0xe0000000, 4},  /* multicast */
    {0xf0000000, 4},  /* reserved, broadcast */
};

static bool is_public4(uint32_t address)
{
  for (size_t i = 0; i < sizeof blocks4 / sizeof blocks4[0]; i++) {
    if ((address ^ blocks4[i].address) >> (32 - blocks4[i].bits) == 0) {
      return false;
    }
  }
  return true;
}

static uint32_t read4(const uint8_t *bytes)
{
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool is_zero(const uint8_t *bytes, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    if (bytes[i] != 0) {
      return false;
    }
  }
  return true;
}

static bool is_public6(const uint8_t *a)
{
  static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
  if (is_zero(a, 10) && a[10] == 0xff && a[11] == 0xff) {
    return is_public4(read4(a + 12)); /* ::ffff:1.2.3.4 */
  }
  if (memcmp(a, nat64, sizeof nat64) == 0) {
    return is_public4(read4(a + 12)); /* 64:ff9b::1.2.3.4 */
  }
  if (a[0] == 0x20 && a[1] == 0x02) {
    return is_public4(read4(a + 2)); /* 2002:0102:0304:: */
  }
  /* 2000::/3 is what is given out; of it, 2001:db8::/32 is documentation and 2001::/32 a tunnel. */
  bool is_global = (a[0] & 0xe0) == 0x20;
  bool is_special =
      a[0] == 0x20 && a[1] == 0x01 && ((a[2] == 0x0d && a[3] == 0xb8) || (a[2] == 0 && a[3] == 0));
  return is_global && !is_special;
}

bool ms_httpc_is_public(const struct sockaddr *address)
{
  if (address->sa_family == AF_INET) {
    const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
    return is_public4(ntohl(in->sin_addr.s_addr));
  }
  if (address->sa_family == AF_INET6) {
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)address;
    return is_public6(in6->sin6_addr.s6_addr);
  }
  return false;
}
