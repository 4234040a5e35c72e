/* Map: its processor, label, reader, batcher and writer. */
#include "asl_check.h"
#include "mt.h"

static const struct asl_row map_rows[] = {
    {"processor_missing",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true}}}",
     "1:30: error: This object should have only one of the following fields: [ItemProcessor, "
     "Iterator] (SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"processor_and_iterator",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'StartAt':'B',"
     "'States':{'B':{'Type':'Pass','End':true}}},'Iterator':{'StartAt':'C','States':{'C':{"
     "'Type':'Pass','End':true}}}}}}",
     "1:30: error: There should only be one of the following fields: [ItemProcessor, Iterator] "
     "(SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"iterator_alone",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'Iterator':{'StartAt':'B','States':{"
     "'B':{'Type':'Pass','End':true}}}}}}",
     ""},
    {"processor_no_object",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':[]}}}",
     "1:71: error: Expected value of type [OBJECT] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "ItemProcessor)\n"},
    {"processor_incomplete",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'INLINE'}}}}}",
     "1:71: error: These fields are required: [States, StartAt] (SCHEMA_VALIDATION_FAILED at /"
     "States/A/ItemProcessor)\n"},
    {"processor_language",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{"
     "'QueryLanguage':'JSONPath','StartAt':'B','States':{'B':{'Type':'Pass','End':true}}}}}}",
     "1:72: error: Field 'QueryLanguage' is not supported (SCHEMA_VALIDATION_FAILED at /States/A/"
     "ItemProcessor) Set it on the states inside, or on the whole state machine.\n"},
    {"iterator_language",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'Iterator':{"
     "'QueryLanguage':'JSONata','StartAt':'B','States':{'B':{'Type':'Pass','End':true}}}}}}",
     "1:67: error: Field 'QueryLanguage' is not supported (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Iterator) Set it on the states inside, or on the whole state machine.\n"},
    {"config_no_object",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':1,"
     "'StartAt':'B','States':{'B':{'Type':'Pass','End':true}}}}}}",
     "1:90: error: Expected value of type [OBJECT] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "ItemProcessor/ProcessorConfig)\n"},
    {"config_mode_unknown",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'Inline'},'StartAt':'B','States':{'B':{'Type':'Pass','End':true}}}}}}",
     "1:98: error: Value should be one of the following: [INLINE, DISTRIBUTED] "
     "(SCHEMA_VALIDATION_FAILED at /States/A/ItemProcessor/ProcessorConfig/Mode) Did you mean "
     "\"INLINE\"?\n"},
    {"config_type_missing",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED'},'StartAt':'B','States':{'B':{'Type':'Pass','End':true}}}}}}",
     "1:90: error: These fields are required: [ExecutionType] (SCHEMA_VALIDATION_FAILED at /"
     "States/A/ItemProcessor/ProcessorConfig)\n"},
    {"config_type_unknown",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'EXPRES'},'StartAt':'B','States':{'B':{'Type':'Pass',"
     "'End':true}}}}}}",
     "1:128: error: Value should be one of the following: [STANDARD, EXPRESS] "
     "(SCHEMA_VALIDATION_FAILED at /States/A/ItemProcessor/ProcessorConfig/ExecutionType) Did "
     "you mean \"EXPRESS\"?\n"},
    {"config_type_inline",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'INLINE','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{'Type':'Pass',"
     "'End':true}}}}}}",
     "1:107: error: Field 'ExecutionType' is not supported (SCHEMA_VALIDATION_FAILED at /States/"
     "A/ItemProcessor/ProcessorConfig) It belongs to the Mode \"DISTRIBUTED\".\n"},
    {"config_field_unknown",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'INLINE','Modes':1},'StartAt':'B','States':{'B':{'Type':'Pass','End':true}}}}}}",
     "1:107: error: Field 'Modes' is not supported (SCHEMA_VALIDATION_FAILED at /States/A/"
     "ItemProcessor/ProcessorConfig) Did you mean \"Mode\"?\n"},
    {"parameters_and_selector",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'StartAt':'B',"
     "'States':{'B':{'Type':'Pass','End':true}}},'Parameters':{},'ItemSelector':{}}}}",
     "1:30: error: There should only be one of the following fields: [ItemSelector, Parameters] "
     "(SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"concurrency_negative",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'StartAt':'B',"
     "'States':{'B':{'Type':'Pass','End':true}}},'MaxConcurrency':-1}}}",
     "1:146: error: Minimum value is 0 (SCHEMA_VALIDATION_FAILED at /States/A/MaxConcurrency)\n"},
    {"concurrency_both",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'StartAt':'B',"
     "'States':{'B':{'Type':'Pass','End':true}}},'MaxConcurrency':1,'MaxConcurrencyPath':'$.m'}}}",
     "1:30: error: There should only be one of the following fields: [MaxConcurrency, "
     "MaxConcurrencyPath] (SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"concurrency_string",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'StartAt':'B',"
     "'States':{'B':{'Type':'Pass','End':true}}},'MaxConcurrency':'5'}}}",
     "1:146: error: Expected value of type Integer (SCHEMA_VALIDATION_FAILED at /States/A/"
     "MaxConcurrency)\n"},
    {"tolerated",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'StartAt':'B',"
     "'States':{'B':{'Type':'Pass','End':true}}},'ToleratedFailureCount':0,"
     "'ToleratedFailurePercentage':99.5}}}",
     ""},
    {"tolerated_both_forms",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'StartAt':'B',"
     "'States':{'B':{'Type':'Pass','End':true}}},'ToleratedFailureCount':1,"
     "'ToleratedFailureCountPath':'$.c','ToleratedFailurePercentage':1,"
     "'ToleratedFailurePercentagePath':'$.p'}}}",
     "1:30: error: There should only be one of the following fields: [ToleratedFailureCount, "
     "ToleratedFailureCountPath] (SCHEMA_VALIDATION_FAILED at /States/A)\n"
     "1:30: error: There should only be one of the following fields: [ToleratedFailurePercentage,"
     " ToleratedFailurePercentagePath] (SCHEMA_VALIDATION_FAILED at /States/A)\n"},
    {"tolerated_out_of_range",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'StartAt':'B',"
     "'States':{'B':{'Type':'Pass','End':true}}},'ToleratedFailureCount':-1,"
     "'ToleratedFailurePercentage':100.5}}}",
     "1:153: error: Minimum value is 0 (SCHEMA_VALIDATION_FAILED at /States/A/"
     "ToleratedFailureCount)\n"
     "1:185: error: Maximum value is 100 (SCHEMA_VALIDATION_FAILED at /States/A/"
     "ToleratedFailurePercentage)\n"},
    {"label_empty",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'Label':''}}}",
     "1:205: error: Label cannot be empty (INVALID_LABEL_NAME at /States/A/Label)\n"},
    {"label_40",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'Label':'llllllllllllllllllllllllllllllllllllllll'}}}",
     ""},
    {"label_41",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'Label':'lllllllllllllllllllllllllllllllllllllllll'}}}",
     "1:205: error: Label 'lllllllllllllllllllllllllllllllllllllllll' exceeds the 40-character "
     "limit allowed by the service (INVALID_LABEL_NAME at /States/A/Label)\n"},
    {"label_bad_characters",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'Label':'a/b'}}}",
     "1:205: error: Label contains the invalid character U+002F (INVALID_LABEL_NAME at /States/A/"
     "Label)\n"},
    {"label_control",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'Label':'a\\u0085'}}}",
     "1:205: error: Label contains the invalid character U+0085 (INVALID_LABEL_NAME at /States/A/"
     "Label)\n"},
    {"label_no_string",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'Label':1}}}",
     "1:205: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "Label)\n"},
    {"label_twice",
     "{'StartAt':'A','States':{'A':{'Type':'Map','Label':'l','Next':'C','ItemProcessor':{"
     "'ProcessorConfig':{'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B',"
     "'States':{'B':{'Type':'Pass','End':true}}}},'C':{'Type':'Map','Label':'l','End':true,"
     "'ItemProcessor':{'ProcessorConfig':{'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},"
     "'StartAt':'D','States':{'D':{'Type':'Pass','End':true}}}}}}",
     "1:236: error: Duplicate Label name: l (DUPLICATE_LABEL_NAME at /States/C/Label)\n"},
    {"inline_reader_batcher_writer",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'StartAt':'B',"
     "'States':{'B':{'Type':'Pass','End':true}}},'ItemReader':{"
     "'Resource':'arn:aws:states:::s3:listObjectsV2'},'ItemBatcher':{'MaxItemsPerBatch':1},"
     "'ResultWriter':{'WriterConfig':{}}}}}",
     "1:129: warning: The field 'ItemReader' has no effect on an inline Map (NO_EFFECT at /"
     "States/A/ItemReader) Set \"Mode\": \"DISTRIBUTED\" in the \"ProcessorConfig\".\n"
     "1:191: warning: The field 'ItemBatcher' has no effect on an inline Map (NO_EFFECT at /"
     "States/A/ItemBatcher) Set \"Mode\": \"DISTRIBUTED\" in the \"ProcessorConfig\".\n"
     "1:228: warning: The field 'ResultWriter' has no effect on an inline Map (NO_EFFECT at /"
     "States/A/ResultWriter) Set \"Mode\": \"DISTRIBUTED\" in the \"ProcessorConfig\".\n"},
    {"reader_csv",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ItemReader':{'Resource':'arn:aws:states:::s3:getObject',"
     "'ReaderConfig':{'InputType':'CSV','CSVHeaderLocation':'GIVEN','CSVHeaders':['a','b'],"
     "'CSVDelimiter':'PIPE','MaxItems':5},'Parameters':{'Bucket':'b','Key.$':'$.k'}}}}}",
     ""},
    {"reader_list",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ItemReader':{'Resource':'arn:aws:states:::s3:listObjectsV2',"
     "'Parameters':{'Bucket':'b'}}}}}",
     ""},
    {"reader_file_without_config",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ItemReader':{'Resource':'arn:aws:states:::s3:getObject'}}}}",
     "1:210: error: These fields are required: [ReaderConfig] (SCHEMA_VALIDATION_FAILED at /"
     "States/A/ItemReader)\n"},
    {"reader_file_without_type",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ItemReader':{'Resource':'arn:aws:states:::s3:getObject',"
     "'ReaderConfig':{'MaxItems':5}}}}}",
     "1:269: error: The field 'InputType' is required (SCHEMA_VALIDATION_FAILED at /States/A/"
     "ItemReader/ReaderConfig)\n"},
    {"reader_no_object",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ItemReader':[]}}}",
     "1:210: error: Expected value of type [OBJECT] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "ItemReader)\n"},
    {"reader_resource_missing",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ItemReader':{'Parameters':{}}}}}",
     "1:210: error: These fields are required: [Resource] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "ItemReader)\n"},
    {"reader_resource_wrong",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ItemReader':{'Resource':'arn:aws:states:::s3:putObject'}}}}",
     "1:222: error: The field 'Resource' does not match any of the allowed values "
     "(SCHEMA_VALIDATION_FAILED at /States/A/ItemReader/Resource) Use "
     "\"arn:aws:states:::s3:getObject\".\n"},
    {"reader_resource_other_partition",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ItemReader':{'Resource':'arn:aws-cn:states:::s3:getObject',"
     "'ReaderConfig':{'InputType':'JSONL'}}}}}",
     ""},
    {"reader_arguments_in_jsonpath",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ItemReader':{'Resource':'arn:aws:states:::s3:listObjectsV2',"
     "'Arguments':{}}}}}",
     "1:258: error: The QueryLanguage is set to 'JSONPath', but field 'Arguments' is only "
     "supported for the 'JSONata' QueryLanguage (SCHEMA_VALIDATION_FAILED at /States/A/"
     "ItemReader)\n"},
    {"reader_field_unknown",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ItemReader':{'Resource':'arn:aws:states:::s3:listObjectsV2',"
     "'Parameter':{}}}}}",
     "1:258: error: Field 'Parameter' is not supported (SCHEMA_VALIDATION_FAILED at /States/A/"
     "ItemReader) Did you mean \"Parameters\"?\n"},
    {"reader_type_unknown",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ItemReader':{'Resource':'arn:aws:states:::s3:getObject',"
     "'ReaderConfig':{'InputType':'json'}}}}}",
     "1:282: error: Value should be one of the following: [CSV, JSON, JSONL, PARQUET, MANIFEST] "
     "(SCHEMA_VALIDATION_FAILED at /States/A/ItemReader/ReaderConfig/InputType) Did you mean "
     "\"JSON\"?\n"},
    {"reader_csv_without_location",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ItemReader':{'Resource':'arn:aws:states:::s3:getObject',"
     "'ReaderConfig':{'InputType':'CSV'}}}}}",
     "1:269: error: The field 'CSVHeaderLocation' is required (SCHEMA_VALIDATION_FAILED at /"
     "States/A/ItemReader/ReaderConfig)\n"},
    {"reader_given_without_headers",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ItemReader':{'Resource':'arn:aws:states:::s3:getObject',"
     "'ReaderConfig':{'InputType':'CSV','CSVHeaderLocation':'GIVEN'}}}}}",
     "1:269: error: These fields are required: [CSVHeaders] (SCHEMA_VALIDATION_FAILED at /States/"
     "A/ItemReader/ReaderConfig)\n"},
    {"reader_headers_with_first_row",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ItemReader':{'Resource':'arn:aws:states:::s3:getObject',"
     "'ReaderConfig':{'InputType':'CSV','CSVHeaderLocation':'FIRST_ROW','CSVHeaders':['a']}}}}}",
     "1:320: error: Field 'CSVHeaders' is not supported (SCHEMA_VALIDATION_FAILED at /States/A/"
     "ItemReader/ReaderConfig) It belongs to the CSVHeaderLocation \"GIVEN\".\n"},
    {"reader_csv_fields_with_json",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ItemReader':{'Resource':'arn:aws:states:::s3:getObject',"
     "'ReaderConfig':{'InputType':'JSON','CSVHeaderLocation':'FIRST_ROW',"
     "'CSVDelimiter':'TAB'}}}}}",
     "1:289: error: Field 'CSVHeaderLocation' is not supported (SCHEMA_VALIDATION_FAILED at /"
     "States/A/ItemReader/ReaderConfig) It belongs to the InputType \"CSV\".\n"
     "1:321: error: Field 'CSVDelimiter' is not supported (SCHEMA_VALIDATION_FAILED at /States/A/"
     "ItemReader/ReaderConfig) It belongs to the InputType \"CSV\".\n"},
    {"reader_headers_no_strings",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ItemReader':{'Resource':'arn:aws:states:::s3:getObject',"
     "'ReaderConfig':{'InputType':'CSV','CSVHeaderLocation':'GIVEN','CSVHeaders':[1,'a']}}}}}",
     "1:330: error: Expected value of type [STRING] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "ItemReader/ReaderConfig/CSVHeaders[0])\n"},
    {"reader_max_items_both",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ItemReader':{'Resource':'arn:aws:states:::s3:getObject',"
     "'ReaderConfig':{'InputType':'JSON','MaxItems':1,'MaxItemsPath':'$.m'}}}}}",
     "1:269: error: There should only be one of the following fields: [MaxItems, MaxItemsPath] "
     "(SCHEMA_VALIDATION_FAILED at /States/A/ItemReader/ReaderConfig)\n"},
    {"reader_max_items_wrong",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ItemReader':{'Resource':'arn:aws:states:::s3:getObject',"
     "'ReaderConfig':{'InputType':'JSON','MaxItems':-1}}}}}",
     "1:300: error: Minimum value is 0 (SCHEMA_VALIDATION_FAILED at /States/A/ItemReader/"
     "ReaderConfig/MaxItems)\n"},
    {"reader_pointer",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ItemReader':{'Resource':'arn:aws:states:::s3:getObject',"
     "'ReaderConfig':{'InputType':'JSON','ItemsPointer':'/a/b'}}}}}",
     ""},
    {"reader_pointer_wrong",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ItemReader':{'Resource':'arn:aws:states:::s3:getObject',"
     "'ReaderConfig':{'InputType':'JSON','ItemsPointer':'$.a'}}}}}",
     "1:304: error: Value is not a valid JSON Pointer (SCHEMA_VALIDATION_FAILED at /States/A/"
     "ItemReader/ReaderConfig/ItemsPointer)\n"},
    {"batcher",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ItemBatcher':{'MaxItemsPerBatch':5,"
     "'MaxInputBytesPerBatch':262144,'BatchInput':{'a.$':'$.a'}}}}}",
     ""},
    {"batcher_empty",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ItemBatcher':{'BatchInput':{}}}}}",
     "1:211: error: This object should have at least one of the following fields: ["
     "MaxItemsPerBatch, MaxItemsPerBatchPath, MaxInputBytesPerBatch, MaxInputBytesPerBatchPath] "
     "(SCHEMA_VALIDATION_FAILED at /States/A/ItemBatcher)\n"},
    {"batcher_both_forms",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ItemBatcher':{'MaxItemsPerBatch':5,"
     "'MaxItemsPerBatchPath':'$.m','MaxInputBytesPerBatch':1,"
     "'MaxInputBytesPerBatchPath':'$.b'}}}}",
     "1:211: error: There should only be one of the following fields: [MaxItemsPerBatch, "
     "MaxItemsPerBatchPath] (SCHEMA_VALIDATION_FAILED at /States/A/ItemBatcher)\n"
     "1:211: error: There should only be one of the following fields: [MaxInputBytesPerBatch, "
     "MaxInputBytesPerBatchPath] (SCHEMA_VALIDATION_FAILED at /States/A/ItemBatcher)\n"},
    {"batcher_out_of_range",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ItemBatcher':{'MaxItemsPerBatch':0,"
     "'MaxInputBytesPerBatch':262145}}}}",
     "1:231: error: Minimum value is 1 (SCHEMA_VALIDATION_FAILED at /States/A/ItemBatcher/"
     "MaxItemsPerBatch)\n"
     "1:257: error: Maximum value is 262144 (SCHEMA_VALIDATION_FAILED at /States/A/ItemBatcher/"
     "MaxInputBytesPerBatch)\n"},
    {"writer",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ResultWriter':{'Resource':'arn:aws:states:::s3:putObject',"
     "'Parameters':{'Bucket':'b','Prefix':'p'},'WriterConfig':{'Transformation':'FLATTEN',"
     "'OutputType':'JSONL'}}}}}",
     ""},
    {"writer_config_alone",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ResultWriter':{'WriterConfig':{'Transformation':'COMPACT',"
     "'OutputType':'JSON'}}}}}",
     ""},
    {"writer_empty",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ResultWriter':{}}}}",
     "1:212: error: This object should have at least one of the following fields: [Resource, "
     "WriterConfig] (SCHEMA_VALIDATION_FAILED at /States/A/ResultWriter)\n"},
    {"writer_without_place",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ResultWriter':{'Resource':'arn:aws:states:::s3:putObject'}}}}",
     "1:212: error: These fields are required: [Parameters] (SCHEMA_VALIDATION_FAILED at /States/"
     "A/ResultWriter)\n"},
    {"writer_without_resource",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ResultWriter':{'Parameters':{'Bucket':'b'},'WriterConfig':{"
     "}}}}}",
     "1:212: error: These fields are required: [Resource] (SCHEMA_VALIDATION_FAILED at /States/A/"
     "ResultWriter)\n"},
    {"writer_resource_wrong",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ResultWriter':{'Resource':'arn:aws:states:::s3:getObject',"
     "'Parameters':{}}}}}",
     "1:224: error: The field 'Resource' does not match any of the allowed values "
     "(SCHEMA_VALIDATION_FAILED at /States/A/ResultWriter/Resource) Use "
     "\"arn:aws:states:::s3:putObject\".\n"},
    {"writer_values_unknown",
     "{'StartAt':'A','States':{'A':{'Type':'Map','End':true,'ItemProcessor':{'ProcessorConfig':{"
     "'Mode':'DISTRIBUTED','ExecutionType':'STANDARD'},'StartAt':'B','States':{'B':{"
     "'Type':'Pass','End':true}}},'ResultWriter':{'WriterConfig':{'Transformation':'NON',"
     "'OutputType':'XML'}}}}}",
     "1:246: error: Value should be one of the following: [NONE, COMPACT, FLATTEN] "
     "(SCHEMA_VALIDATION_FAILED at /States/A/ResultWriter/WriterConfig/Transformation) Did you "
     "mean \"NONE\"?\n"
     "1:265: error: Value should be one of the following: [JSON, JSONL] "
     "(SCHEMA_VALIDATION_FAILED at /States/A/ResultWriter/WriterConfig/OutputType)\n"},
    {NULL, NULL, NULL}};

MT_TEST(asl_map__diagnostics)
{
  asl_check_rows(map_rows, false);
}
