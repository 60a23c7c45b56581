"""The laboratory: Docker engines and whole hosts, made for real on the machine that runs the self-tests.

Everything in it lives below one directory of the process that made it and in network namespaces of its
own, so it disturbs neither the machine's Docker nor another laboratory. What has to be changed outside is written down
before and put back. `packages.txt` lists the Debian packages that it takes.
"""
