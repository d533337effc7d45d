# The game as an image: `docker build -t tuningfork .`, or docker compose up with compose.yaml.
# Any base with Python 3.11 or later at the same path in both stages will do.
ARG BASE=docker.io/library/python:3.13-slim-bookworm

FROM ${BASE} AS build
WORKDIR /source
RUN python3 -m venv /opt/tuningfork
# What changes seldom comes first, so that a changed line of code does not fetch everything anew.
COPY pyproject.toml constraints.txt ./
RUN python3 -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" > needs.txt \
    && /opt/tuningfork/bin/pip install --no-cache-dir --disable-pip-version-check --constraint constraints.txt --requirement needs.txt
COPY README.md LICENSE ./
COPY src src
RUN /opt/tuningfork/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps . \
    && rm -rf /opt/tuningfork/bin/pip* /opt/tuningfork/lib/python3*/site-packages/pip

FROM ${BASE}
RUN useradd --system --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin tuningfork \
    && mkdir --mode=0700 /data && chown tuningfork:tuningfork /data
COPY --from=build /opt/tuningfork /opt/tuningfork
# Nothing is written but /data (with PostgreSQL and a given secret not even that) and /tmp.
ENV PATH=/opt/tuningfork/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    XDG_DATA_HOME=/data \
    XDG_CACHE_HOME=/tmp/cache
VOLUME /data
USER tuningfork
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["tuningfork"]
CMD ["play", "--production", "--host", "0.0.0.0"]
