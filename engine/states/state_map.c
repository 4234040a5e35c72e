/* Map: runs its processor once for each item; the result is the array of their outputs. */
#include "states/types.h"

#include <stddef.h>

#define AT(member) offsetof(struct ms_state_map_fields, member)

static const struct ms_field map_fields[] = {
    MS_FIELDS_COMMON,
    MS_FIELDS_NEXT,
    MS_FIELDS_PATHS,
    {"ItemProcessor", MS_FIELD_PROCESSOR, MS_FIELD_IN_ALL, AT(processor), 0, 0, 0},
    {"Iterator", MS_FIELD_PROCESSOR, MS_FIELD_IN_ALL, AT(processor), 0, 0, 0},
    {"ItemsPath", MS_FIELD_REFERENCE_PATH, MS_FIELD_IN_JSONPATH, AT(items_path), 0, 0, 0},
    {"Items", MS_FIELD_ITEMS, MS_FIELD_IN_OTHERS, AT(items), 0, 0, 0},
    {"ItemSelector", MS_FIELD_TEMPLATE, MS_FIELD_IN_ALL, AT(item_selector), 0, 0, 0},
    {"Parameters", MS_FIELD_TEMPLATE, MS_FIELD_IN_JSONPATH, AT(item_selector), 0, 0, 0},
    {"ItemReader", MS_FIELD_READER, MS_FIELD_IN_ALL, AT(item_reader), 0, 0, 0},
    {"ItemBatcher", MS_FIELD_BATCHER, MS_FIELD_IN_ALL, AT(item_batcher), 0, 0, 0},
    {"ResultWriter", MS_FIELD_WRITER, MS_FIELD_IN_ALL, AT(result_writer), 0, 0, 0},
    {"MaxConcurrency", MS_FIELD_INTEGER, MS_FIELD_IN_ALL, AT(max_concurrency), 0, 0, INT32_MAX},
    {"MaxConcurrencyPath", MS_FIELD_SETTING_PATH, MS_FIELD_IN_JSONPATH, AT(max_concurrency), 0, 0,
     INT32_MAX},
    {"ToleratedFailureCount", MS_FIELD_INTEGER, MS_FIELD_IN_ALL, AT(tolerated_count), 0, 0, INT32_MAX},
    {"ToleratedFailureCountPath", MS_FIELD_SETTING_PATH, MS_FIELD_IN_JSONPATH, AT(tolerated_count), 0, 0,
     INT32_MAX},
    {"ToleratedFailurePercentage", MS_FIELD_NUMBER, MS_FIELD_IN_ALL, AT(tolerated_percentage), 0, 0, 100},
    {"ToleratedFailurePercentagePath", MS_FIELD_SETTING_PATH, MS_FIELD_IN_JSONPATH,
     AT(tolerated_percentage), 0, 0, 100},
    {"Label", MS_FIELD_STRING, MS_FIELD_IN_ALL, AT(label), 0, 0, 40},
    MS_FIELDS_RESULT_SELECTOR,
    MS_FIELDS_RESULT_PATH,
    MS_FIELDS_OUTPUT(MS_FIELD_RESULT),
    MS_FIELDS_ASSIGN(MS_FIELD_RESULT),
    MS_FIELDS_RETRY_CATCH,
    MS_FIELDS_END};

static const struct ms_field_group map_groups[] = {
    {true, {"ItemProcessor", "Iterator"}},
    {false, {"ItemSelector", "Parameters"}},
    {false, {"MaxConcurrency", "MaxConcurrencyPath"}},
    {false, {"ToleratedFailureCount", "ToleratedFailureCountPath"}},
    {false, {"ToleratedFailurePercentage", "ToleratedFailurePercentagePath"}},
    {false, {NULL}}};

static struct ms_flow *const *map_flows(const struct ms_state *state)
{
  return &((const struct ms_state_map_fields *)state)->processor;
}

const struct ms_state_type ms_state_map = {
    .name = "Map",
    .size = sizeof(struct ms_state_map_fields),
    .has_next = true,
    .fields = map_fields,
    .groups = map_groups,
    .flows = map_flows,
};
