#define _GNU_SOURCE
#include "network.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../files.h"

static const char CARDS[] = "/sys/class/net";
/* Inside QEMU's user network; each machine has a network of its own. */
static const char ADDRESS[] = "10.0.2.15";
static const char GATEWAY[] = "10.0.2.2";

/* The name of the card, of which systems have their own ideas. */
static void find_card(char name[IFNAMSIZ]) {
  char path[PATH_MOST];
  strcpy(name, "eth0");
  if (files_exist("/sys/class/net/eth0")) return;
  DIR *cards = opendir(files_path(path, CARDS));
  if (cards == NULL) return;
  for (struct dirent *entry = readdir(cards); entry != NULL; entry = readdir(cards)) {
    if (entry->d_name[0] == '.' || strlen(entry->d_name) >= IFNAMSIZ) continue;
    char device[PATH_MOST];
    snprintf(device, sizeof device, "%s/%.*s/device", CARDS, IFNAMSIZ, entry->d_name);
    if (files_exist(device)) strcpy(name, entry->d_name);
  }
  closedir(cards);
}

static bool write_script(const char *card, const char *mac_address) {
  char text[1024];
  snprintf(
    text, sizeof text,
    "[ -e /sys/class/net/%s ] || ip link set vec0 name %s\n"
    "ip link set %s down\n"
    "ip link set %s address %s\n"
    "ip address flush dev %s\n"
    "ip address add %s/24 dev %s\n"
    "ip link set %s up\n"
    "ip route replace default via %s\n",
    card, card, card, card, mac_address, card, ADDRESS, card, card, GATEWAY
  );
  return files_write_text("/etc/vmgrid/network", text);
}

static struct sockaddr address_of(const char *text) {
  union {
    struct sockaddr any;
    struct sockaddr_in internet;
  } address = {.internet = {.sin_family = AF_INET}};
  inet_pton(AF_INET, text, &address.internet.sin_addr);
  return address.any;
}

/* Runs one command of the kernel on the card. */
static bool set(int socket, const char *card, unsigned long command, struct ifreq request) {
  memcpy(request.ifr_name, card, IFNAMSIZ);
  return ioctl(socket, command, &request) == 0;
}

static bool set_link(int socket, const char *card, bool up) {
  struct ifreq request = {0};
  memcpy(request.ifr_name, card, IFNAMSIZ);
  if (ioctl(socket, SIOCGIFFLAGS, &request) != 0) return false;
  bool is_up = (request.ifr_flags & IFF_UP) != 0;
  if (is_up == up) return true;
  request.ifr_flags = (short)(up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP);
  return ioctl(socket, SIOCSIFFLAGS, &request) == 0;
}

static bool set_mac(int socket, const char *card, const char *text) {
  struct ifreq request = {0};
  unsigned byte[6];
  int count = sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x", byte, byte + 1, byte + 2, byte + 3, byte + 4, byte + 5);
  if (count != 6) return false;
  request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
  for (int at = 0; at < 6; at++) request.ifr_hwaddr.sa_data[at] = (char)byte[at];
  return set(socket, card, SIOCSIFHWADDR, request);
}

static bool set_route(int socket) {
  struct rtentry route = {
    .rt_dst = address_of("0.0.0.0"),
    .rt_genmask = address_of("0.0.0.0"),
    .rt_gateway = address_of(GATEWAY),
    .rt_flags = RTF_UP | RTF_GATEWAY,
  };
  return ioctl(socket, SIOCADDRT, &route) == 0 || errno == EEXIST;
}

/* Whether a rehearsal has configured the card: then it has its address and route. */
static bool rehearsed;

/* Down first, by which an address of before loses its route; without a broadcast address, as `ip` has it. */
static bool configure(int socket, const char *card, const char *mac_address) {
  if (rehearsed && set_mac(socket, card, mac_address)) return true;
  return set_link(socket, card, false) && set_mac(socket, card, mac_address) &&
         set(socket, card, SIOCSIFADDR, (struct ifreq){.ifr_addr = address_of(ADDRESS)}) &&
         set(socket, card, SIOCSIFNETMASK, (struct ifreq){.ifr_netmask = address_of("255.255.255.0")}) &&
         set(socket, card, SIOCSIFBRDADDR, (struct ifreq){.ifr_broadaddr = address_of("0.0.0.0")}) &&
         set_link(socket, card, true) && set_route(socket);
}

void network_make(const char *mac_address, warner *warn) {
  char card[IFNAMSIZ] = "";
  find_card(card);
  if (!write_script(card, mac_address)) warn("/etc/vmgrid/network could not be written");
  if (files_root[0] != 0) return;
  int handle = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  bool done = handle >= 0 && configure(handle, card, mac_address);
  if (handle >= 0) close(handle);
  if (!done) warn("the network card could not be configured");
}

static bool set_version_6(char disabled) {
  char card[IFNAMSIZ] = "";
  char path[PATH_MOST];
  find_card(card);
  snprintf(path, sizeof path, "/proc/sys/net/ipv6/conf/%s/disable_ipv6", card);
  int setting = open(path, O_RDWR | O_CLOEXEC);
  if (setting < 0) return false;
  char before = disabled;
  bool changed = read(setting, &before, 1) == 1 && before != disabled && pwrite(setting, &disabled, 1, 0) == 1;
  close(setting);
  return changed;
}

/* Whether the guest itself has addresses of version 6. */
static bool hushed;

void network_hush(void) {
  if (files_root[0] != 0) return;
  rehearsed = true;
  hushed = set_version_6('1');
}

void network_unhush(void) {
  rehearsed = false;
  if (hushed) set_version_6('0');
  hushed = false;
}
