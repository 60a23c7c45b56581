"""Inventories of Ansible, taken as they are and without Ansible: targets, groups, and the policy in their variables."""
