"""What a panel of one site is about: the conditions its variables make, and the link that leads on to the console. Data only."""

HERE = '"site" =~ /^${site:regex}$/'
PATHS = f'{HERE} AND "route" =~ /^${{route:regex}}$/ AND "target" =~ /^${{target:regex}}$/'
"""The choices of site, route and target; `regex` escapes what a name holds, and several become a choice of any."""
MARKS = '"scope" =~ /^${site:regex}$/'
"""Events carry the site in the tag `scope`."""
CONSOLE = ("Open this site in the console", "${console}/?site=${site:percentencode}")
