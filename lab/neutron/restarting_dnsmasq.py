"""A DHCP driver of Neutron that starts dnsmasq anew where its own sends a SIGHUP.

dnsmasq 2.90 aborts on SIGHUP once it has served a host whose line in the hosts file sets a tag. Neutron sets one for every
port that has DHCP options, so the first change after a machine booted would leave its network without DHCP for a minute.
Leases are in a file and survive.
"""

from neutron.agent.linux import dhcp
from neutron.common import utils
from oslo_concurrency import lockutils


class RestartingDnsmasq(dhcp.Dnsmasq):
    # The lock of the agent's monitor, which would start another one in the middle, and then nobody would know of it.
    @lockutils.synchronized("_check_child_processes")
    def _spawn_or_reload_process(self, reload_with_HUP):
        manager = self._get_process_manager()
        if reload_with_HUP and manager.active:
            manager.disable("15", delete_pid_file=False)
            utils.wait_until_true(lambda: not manager.active, timeout=5, sleep=0.05)
        super()._spawn_or_reload_process(reload_with_HUP=False)
