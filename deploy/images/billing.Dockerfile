# Billing: the ledger.
FROM common-build AS build
COPY services/billing services/billing
RUN uv pip install --no-build-isolation --constraint /locks/platform.txt ./libs/common "./services/billing"

FROM common-runtime
COPY --from=build /opt/octavia /opt/octavia
ENTRYPOINT ["octavia-billing"]
