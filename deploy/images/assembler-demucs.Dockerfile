# The assembler that takes the voice out of the source by a model, Demucs. LOCK is engine-demucs (CPU)
# or, where there is one, its CUDA variant; CUDA's libraries come from PyPI, the driver from the node.
FROM common-build AS build
ARG LOCK=engine-demucs
RUN uv pip install --require-hashes -r /locks/${LOCK}.txt
COPY services/assembler services/assembler
RUN uv pip install --no-deps --no-build-isolation ./libs/common ./libs/subtitles ./services/assembler
# The dynamic loader does not know the folders that NVIDIA's packages put their libraries into.
RUN find /opt/octavia -path '*/nvidia/*/lib' -type d > /opt/octavia/nvidia.conf

FROM common-runtime
USER root
RUN apt-get update \
    && apt-get install -y --no-install-recommends ffmpeg fonts-noto-core fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/octavia /opt/octavia
RUN cp /opt/octavia/nvidia.conf /etc/ld.so.conf.d/octavia-nvidia.conf && ldconfig
USER 10001:10001
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility ASSEMBLER_ENGINE=demucs HF_HUB_OFFLINE=1
ENTRYPOINT ["octavia-assembler"]
