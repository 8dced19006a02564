"""create_schema.py URL CONFIG: makes Neutron's tables from its models, as its unit tests do, and stamps them as the newest.

Its migrations can't make them on PostgreSQL: one of them speaks MySQL's dialect.
"""

import sys

import sqlalchemy

from neutron.common import config  # noqa: F401, registers the options that the models read
from neutron.db.migration import cli
from neutron.db.migration.models import head

url, configuration = sys.argv[1:]
head.get_metadata().create_all(sqlalchemy.create_engine(url))
sys.argv = ["neutron-db-manage", "--config-file", configuration, "stamp", "heads"]
sys.exit(cli.main())
