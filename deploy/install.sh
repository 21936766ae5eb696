#!/bin/sh
# Installs kubox on this machine: Ubuntu 22.04 or later, Debian 12 or later, in a VirtualBox VM or elsewhere.
#
#     sudo deploy/install.sh [--from FILE] [--hostname NAME] [--swap-off]
#
#   --from FILE      the release executable; without it build/kubox of this checkout, else the checkout itself
#   --hostname NAME  renames this machine first: a cloned VM has the name of its original, and nodes need different ones
#   --swap-off       turns swap off, now and at every boot; without it kubox refuses to start while swap is on
#
# It makes nothing a node yet: `kubox init` and `kubox join` do that, and `kubox reset` undoes it. Run it again to update.
set -eu

checkout=$(dirname "$(dirname "$(readlink -f "$0")")")
from=
hostname=
swap_off=no

say() { echo "install: $*"; }
fail() { echo "install: $*" >&2; exit 1; }

while [ $# -gt 0 ]; do
  case $1 in
    --from) from=${2:?--from needs a file}; shift ;;
    --hostname) hostname=${2:?--hostname needs a name}; shift ;;
    --swap-off) swap_off=yes ;;
    -h | --help) sed -n '2,/^set -eu/{s/^# \{0,1\}//;/^set -eu/d;p}' "$0"; exit 0 ;;
    *) fail "unknown option $1; see --help" ;;
  esac
  shift
done

check_machine() {
  [ "$(id -u)" = 0 ] || fail "run it as root: sudo $0"
  command -v apt-get >/dev/null || fail "this is neither Debian nor Ubuntu; see README.md for what kubox needs"
  case $(uname -m) in
    x86_64 | aarch64) ;;
    *) fail "kubox runs on x86_64 and aarch64, not on $(uname -m)" ;;
  esac
}

# Program and package of what a node needs.
needs='dockerd:docker.io iptables:iptables nft:nftables ip:iproute2 nsenter:util-linux update-ca-certificates:ca-certificates'

install_packages() {
  missing=
  for need in $needs; do
    command -v "${need%%:*}" >/dev/null || missing="$missing ${need##*:}"
  done
  [ -n "$missing" ] || return 0
  say "installing$missing"
  apt-get update -qq
  # shellcheck disable=SC2086 # several words on purpose
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
}

start_docker() {
  if [ -d /run/systemd/system ]; then
    systemctl enable --now --quiet docker
  else
    say "no systemd here: start dockerd yourself"
  fi
}

rename_machine() {
  [ -n "$hostname" ] || return 0
  echo "$hostname" > /etc/hostname
  command hostname "$hostname"
  grep -q "[[:space:]]$hostname\$" /etc/hosts || echo "127.0.1.1 $hostname" >> /etc/hosts
  say "this machine is $hostname now"
}

# Comments swap lines out of fstab and masks swap units, so that the next boot does not bring it back.
turn_swap_off() {
  devices=$(awk 'NR > 1 { print $1 }' /proc/swaps)
  [ "$swap_off" = yes ] || {
    [ -z "$devices" ] || say "swap is on ($devices): kubox will refuse to start; see --swap-off"
    return 0
  }
  [ -z "$devices" ] || swapoff -a
  sed -i 's/^\([^#].*[[:space:]]swap[[:space:]].*\)$/#\1/' /etc/fstab
  if [ -d /run/systemd/system ]; then
    units=$(systemctl list-units --type swap --all --plain --no-legend | awk '{ print $1 }')
    # shellcheck disable=SC2086 # several words on purpose
    [ -z "$units" ] || systemctl mask --quiet $units
  fi
  say "swap is off"
}

install_kubox() {
  [ -n "$from" ] || { [ ! -x "$checkout/build/kubox" ] || from=$checkout/build/kubox; }
  if [ -n "$from" ]; then
    [ -f "$from" ] || fail "there is no $from"
    # Renamed into place: a running kubox keeps its file, the next start takes the new one.
    install -m 755 "$from" /usr/local/bin/.kubox.new
    mv -f /usr/local/bin/.kubox.new /usr/local/bin/kubox
    return 0
  fi
  [ -x "$checkout/node_modules/.bin/node" ] || install_dependencies
  ln -sf "$checkout/kubox" /usr/local/bin/kubox
}

install_dependencies() {
  command -v npm >/dev/null || fail "neither build/kubox nor npm is here; run \`npm run build\` where npm is, and copy build/kubox"
  say "installing npm packages"
  (cd "$checkout" && npm ci --omit=dev --no-audit --no-fund)
}

check_machine
rename_machine
install_packages
start_docker
turn_swap_off
install_kubox
say "$(command -v kubox), version $(kubox --version)"
say "next: \`kubox init\` on the master; it prints the line to run on the workers"
